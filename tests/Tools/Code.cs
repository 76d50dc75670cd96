using System.Buffers.Binary;

namespace PvPatch.Tests.Tools;

/// <summary>Instructions as the tests write them: by opcode, with distances by the processor's rule.</summary>
internal static class Code
{
    /// <summary>An opcode of some bytes and a 32-bit distance, counted from the instruction's end.</summary>
    public static byte[] Branch(ulong address, ulong target, params byte[] opcode)
    {
        byte[] code = [.. opcode, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(opcode.Length), (int)(target - (address + (ulong)code.Length)));
        return code;
    }

    /// <summary>Bytes of pairs of hex digits; blanks are for the reader.</summary>
    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal));

    /// <summary>Hex of bytes, for messages that can be read.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
