using System.Buffers.Binary;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>The least ELF file that loads some bytes at an address.</summary>
internal static class RawImage
{
    /// <summary>Makes one.</summary>
    public static ElfFile Of(ulong address, ReadOnlySpan<byte> bytes)
    {
        const int header = 64, programHeader = 56;
        var file = new byte[header + programHeader + bytes.Length];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        Write16(16, 2);
        Write16(18, 62);
        Write64(32, header);
        Write16(52, header);
        Write16(54, programHeader);
        Write16(56, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(header), ElfSegment.Load);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(header + 4), 5);
        Write64(header + 8, header + programHeader);
        Write64(header + 16, address);
        Write64(header + 24, address);
        Write64(header + 32, (ulong)bytes.Length);
        Write64(header + 40, (ulong)bytes.Length);
        bytes.CopyTo(file.AsSpan(header + programHeader));
        return ElfFile.Read(ByteSource.FromBytes(file));

        void Write16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void Write64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
    }
}
