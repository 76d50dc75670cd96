using System.Buffers.Binary;
using PvPatch.Elf;

namespace PvPatch.Images;

/// <summary>An ELF image's bytes by virtual address, as its loadable segments place them.</summary>
public sealed class AddressSpace : IMemory
{
    private readonly ElfFile file;
    private readonly ElfSegment[] segments;
    private readonly RangeIndex index;

    /// <summary>Lays out the PT_LOAD segments of a file, which do not overlap.</summary>
    public AddressSpace(ElfFile file)
    {
        this.file = file;
        segments = [.. file.Segments.Where(s => s.Type == ElfSegment.Load && s.MemorySize != 0).OrderBy(s => s.Address)];
        index = new RangeIndex(
            Array.ConvertAll(segments, s => s.Address), Array.ConvertAll(segments, s => s.Address + s.MemorySize));
    }

    /// <summary>The loadable segment that holds an address, or null.</summary>
    public ElfSegment? FindSegment(ulong address) => index.Find(address) is var found and >= 0 ? segments[found] : null;

    /// <summary>Where a run of bytes lies in the file.</summary>
    /// <returns>False where the file holds no bytes for all of it.</returns>
    public bool TryGetFileOffset(ulong address, ulong length, out ulong offset)
    {
        offset = 0;
        if (FindSegment(address) is not { } segment) return false;
        ulong into = address - segment.Address;
        if (into >= segment.FileSize || length > segment.FileSize - into) return false;
        offset = segment.Offset + into;
        return true;
    }

    /// <summary>The bytes at an address, without a copy.</summary>
    public bool TrySlice(ulong address, ulong length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > int.MaxValue || !TryGetFileOffset(address, length, out ulong offset)) return false;
        bytes = file.Source.Slice(offset, length, $"address 0x{address:x}");
        return true;
    }

    /// <summary>The bytes at an address.</summary>
    /// <exception cref="MalformedImageException">The image holds none there.</exception>
    public ReadOnlySpan<byte> Slice(ulong address, ulong length, string place) =>
        TrySlice(address, length, out ReadOnlySpan<byte> bytes)
            ? bytes
            : throw new MalformedImageException(place, $"the image holds no bytes at 0x{address:x}+0x{length:x}");

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!TrySlice(address, (ulong)destination.Length, out ReadOnlySpan<byte> bytes)) return false;
        bytes.CopyTo(destination);
        return true;
    }

    /// <summary>A pointer-sized value of the image's class.</summary>
    public bool TryReadWord(ulong address, out ulong value)
    {
        value = 0;
        if (!TrySlice(address, file.Is64 ? 8u : 4u, out ReadOnlySpan<byte> bytes)) return false;
        value = file.Is64 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return true;
    }
}
