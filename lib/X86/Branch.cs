using System.Buffers.Binary;

namespace PvPatch.X86;

/// <summary>Relative branches as bytes.</summary>
public static class Branch
{
    /// <summary>Opcodes: call rel32, jmp rel32, jmp rel8, ret, int3.</summary>
    public const byte Call = 0xe8, Jump = 0xe9, ShortJump = 0xeb, Return = 0xc3, Int3 = 0xcc;

    /// <summary>Bytes of a call or jump with a 32-bit distance.</summary>
    public const int Length = 5;

    /// <summary>Writes a 5-byte call or jump.</summary>
    /// <exception cref="MalformedImageException">The target is 2 GiB away or more.</exception>
    public static void Write(Span<byte> output, byte opcode, ulong address, ulong target)
    {
        long distance = (long)(target - (address + Length));
        if (distance != (int)distance)
            throw new MalformedImageException($"site 0x{address:x}", $"no call or jump reaches from there to 0x{target:x}");
        output[0] = opcode;
        BinaryPrimitives.WriteInt32LittleEndian(output[1..], (int)distance);
    }

    /// <summary>Where a 5-byte call or jump goes.</summary>
    public static ulong Target(ReadOnlySpan<byte> code, ulong address) =>
        address + Length + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(code[1..]);
}
