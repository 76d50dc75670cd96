using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Kernel;

/// <summary>Which kernels the 6.1 rules are applied to.</summary>
public sealed class EraTests
{
    [Fact]
    public void TheFixtureIsOfTheEraOf61()
    {
        using var mini = new MiniKernel();
        Assert.Equal("6.1", mini.Image.Era.Name);
    }

    // alternative_instructions after setup_arch and ftrace_init, Linux 6.1: paravirt, retpolines, returns, alternatives, locks.
    [Fact]
    public void PassesRunInTheKernelsOrder() => Assert.Equal(
        [
            SiteKind.JumpLabel, SiteKind.StaticCall, SiteKind.Ftrace, SiteKind.Paravirt, SiteKind.Retpoline, SiteKind.Return,
            SiteKind.Alternative, SiteKind.Lock,
        ],
        Era.Linux61.Tables.Select(t => t.Kind));

    // struct alt_instr: 13 bytes in 4.1 to 5.12, 14 since 6.3.
    [Theory]
    [InlineData(13)]
    [InlineData(14)]
    public void OtherAlternativeRecordsAreRefused(byte size)
    {
        var copy = new MiniCopy();
        ReadOnlySpan<byte> names = copy.Bytes;
        int section = (int)Readelf.Sections(TestPaths.Mini).Single(s => s.Name == ".BTF").Offset;
        int strings = section + 24 + BitConverter.ToInt32(names[(section + 12)..]);
        int name = names[strings..].IndexOf("\0alt_instr\0"u8) + 1;

        // struct btf_type: name, kind and member count, size.
        byte[] type = [.. BitConverter.GetBytes(name), .. BitConverter.GetBytes((4 << 24) | 5), 12, 0, 0, 0];
        int at = names.IndexOf(type);
        Assert.True(at > 0);
        copy.Bytes[at + 8] = size;
        MalformedImageException error = Assert.Throws<MalformedImageException>(() => copy.Open());
        Assert.Contains($"{size}-byte", error.Reason);
    }

    [Theory]
    [InlineData("Linux version 6.1.7-test", true)]
    [InlineData("Linux version 6.12.7-test", false)]
    [InlineData("Linux version 5.10.0-test", false)]
    public void WithoutTypesTheBannerDecides(string banner, bool accepted)
    {
        string source = $"""
                .text
                nop
                .section .rodata
                .globl linux_banner
            linux_banner:
                .asciz "{banner}"
            """;
        if (!accepted)
        {
            Assert.Equal("banner", Assert.Throws<MalformedImageException>(() => AssembledKernel.Build(source)).Place);
            return;
        }

        using MiniKernel kernel = AssembledKernel.Build(source);
        Assert.Equal(banner, kernel.Image.Banner);
        Assert.Empty(kernel.Sites.All);
    }

    [Fact]
    public void OtherMachinesAreRefused()
    {
        var copy = new MiniCopy();
        copy.Bytes[18] = 3; // e_machine: EM_386
        Assert.Contains("x86-64", Assert.Throws<MalformedImageException>(() => copy.Open()).Reason);
    }
}
