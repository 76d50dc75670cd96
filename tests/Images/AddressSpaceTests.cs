using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Images;

/// <summary>The fixture's bytes by virtual address, against the program headers that readelf shows.</summary>
public sealed class AddressSpaceTests
{
    [Fact]
    public void EverySegmentsEdgesAreWhereItsHeaderSays()
    {
        using var mini = new MiniKernel();
        foreach (ReadelfSegment segment in Readelf.Segments(TestPaths.Mini).Where(s => s.Type == 1))
        {
            Assert.True(mini.Image.Memory.TryGetFileOffset(segment.Address, segment.FileSize, out ulong offset));
            Assert.Equal(segment.Offset, offset);
            Assert.True(mini.Image.Memory.TryGetFileOffset(segment.Address + segment.FileSize - 1, 1, out offset));
            Assert.Equal(segment.Offset + segment.FileSize - 1, offset);
            Assert.False(mini.Image.Memory.TryGetFileOffset(segment.Address, segment.FileSize + 1, out _));
            Assert.False(mini.Image.Memory.TryGetFileOffset(segment.Address + segment.FileSize, 1, out _));
        }
    }

    [Fact]
    public void BssHasNoBytes()
    {
        using var mini = new MiniKernel();
        Assert.False(mini.Image.Memory.TrySlice(MiniKernel.Symbols["mini_stack"], 1, out _));
        Assert.Throws<MalformedImageException>(() => mini.Image.Memory.Slice(MiniKernel.Symbols["mini_stack"], 1, "stack").Length);
    }

    [Fact]
    public void WordsAreEightLittleEndianBytes()
    {
        using var mini = new MiniKernel();
        Assert.True(mini.Image.Memory.TryReadWord(MiniKernel.Symbols["x86_return_thunk"], out ulong thunk));
        Assert.Equal(MiniKernel.Symbols["__x86_return_thunk"], thunk);
    }
}
