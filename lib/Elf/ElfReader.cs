using System.Buffers.Binary;

namespace PvPatch.Elf;

/// <summary>Little-endian fields of the two ELF classes, read from a span with the offsets checked.</summary>
/// <param name="Is64">ELFCLASS64.</param>
internal readonly record struct ElfReader(bool Is64)
{
    public int WordSize => Is64 ? 8 : 4;

    public static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    public static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    public static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    /// <summary>An address-sized field at the place it has in this class.</summary>
    public ulong Word(ReadOnlySpan<byte> bytes, int at32, int at64) => Is64 ? U64(bytes, at64) : U32(bytes, at32);

    /// <summary>A 32-bit field at the place it has in this class.</summary>
    public uint Half(ReadOnlySpan<byte> bytes, int at32, int at64) => U32(bytes, Is64 ? at64 : at32);
}
