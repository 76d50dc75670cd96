using System.Text;
using Iced.Intel;
using PvPatch.Elf;
using Decoder = Iced.Intel.Decoder;

namespace PvPatch.X86;

/// <summary>Instructions as kernel people read them: AT&amp;T syntax, branch targets by symbol.</summary>
public sealed class Disassembler
{
    private readonly ElfSymbolTable symbols;
    private readonly GasFormatter formatter = new();

    /// <summary>Names targets by the symbols of an image.</summary>
    public Disassembler(ElfSymbolTable symbols)
    {
        this.symbols = symbols;
        formatter.Options.SpaceAfterOperandSeparator = false;
        formatter.Options.HexPrefix = "0x";
        formatter.Options.HexSuffix = null;
        formatter.Options.SmallHexNumbersInDecimal = false;
        formatter.Options.UppercaseHex = false;
    }

    /// <summary>The instructions of some bytes, joined by <c>; </c>.</summary>
    public string Format(ReadOnlySpan<byte> code, ulong address)
    {
        var text = new StringBuilder();
        foreach (string line in Lines(code, address))
            text.Append(text.Length == 0 ? string.Empty : "; ").Append(line);
        return text.ToString();
    }

    /// <summary>The instructions of some bytes, one string each.</summary>
    public IReadOnlyList<string> Lines(ReadOnlySpan<byte> code, ulong address)
    {
        var lines = new List<string>();
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()));
        decoder.IP = address;
        var output = new StringOutput();
        while (decoder.IP - address < (ulong)code.Length)
        {
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid)
            {
                int at = (int)(instruction.IP - address);
                lines.Add(code[at..] switch
                {
                    [0xf0] => "lock", // a lock site is its prefix alone
                    [0x3e] => "ds",
                    _ => $"(bad) {Convert.ToHexStringLower(code[at..])}",
                });
                break;
            }

            lines.Add(FormatOne(instruction, code, address, output));
        }

        return lines;
    }

    private string FormatOne(in Instruction instruction, ReadOnlySpan<byte> code, ulong address, StringOutput output)
    {
        ReadOnlySpan<byte> bytes = code.Slice((int)(instruction.IP - address), instruction.Length);
        if (instruction.Mnemonic == Mnemonic.Nop || (instruction.Length <= 8 && bytes.SequenceEqual(Nops.Of(instruction.Length))))
            return instruction.Length == 1 ? "nop" : $"nop{instruction.Length}";
        if (instruction.Op0Kind == OpKind.NearBranch64)
        {
            formatter.FormatMnemonic(instruction, output);
            return $"{output.ToStringAndReset()} {symbols.Describe(instruction.NearBranch64)}";
        }

        formatter.Format(instruction, output);
        string text = output.ToStringAndReset();
        return instruction.IsIPRelativeMemoryOperand
            ? text.Replace($"0x{instruction.IPRelativeMemoryAddress:x}", $"{symbols.Describe(instruction.IPRelativeMemoryAddress)}(%rip)", StringComparison.Ordinal)
            : text;
    }
}
