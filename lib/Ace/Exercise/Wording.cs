using Iced.Intel;
using PvPatch.Elf;
using PvPatch.X86;

namespace PvPatch.Ace.Exercise;

/// <summary>Addresses, instructions and states as a reader wants to see them.</summary>
internal sealed class Wording(ElfSymbolTable symbols, AceArea area, StateGraph graph)
{
    private const int MostDifferences = 8;
    private readonly Disassembler disassembler = new(symbols);

    /// <summary>An address with its symbol.</summary>
    public string Place(ulong address) => symbols.Count == 0 ? $"0x{address:x}" : $"0x{address:x} <{symbols.Describe(address)}>";

    /// <summary>The instruction at an address of the area, with the address.</summary>
    public string Instruction(ulong address) => $"{Place(address)} {Text(address)}";

    /// <summary>How many instructions.</summary>
    public static string Count(int instructions) => instructions == 1 ? "1 instruction" : $"{instructions} instructions";

    /// <summary>The calls that lead to a state, a line each.</summary>
    public static IEnumerable<string> Setup(SetupState state)
    {
        if (state.Name is { } name) yield return $"setup: {name}";
        foreach ((Call call, int times) in state.Steps)
            yield return times == 1 ? $"setup: {call}" : $"setup: {call}, {times} times";
    }

    /// <summary>What a spinning processor waits for.</summary>
    public string SpinsOn(int node)
    {
        var waits = new SortedSet<ulong>();
        var seen = new HashSet<int>();
        for (int at = node; at >= 0 && seen.Add(at); at = graph.Next(at))
        {
            Instruction instruction = graph.InstructionOf(at).Decoded;
            for (int operand = 0; operand < instruction.OpCount; operand++)
            {
                if (instruction.GetOpKind(operand) != OpKind.Memory || instruction.Mnemonic is Mnemonic.Lea or Mnemonic.Nop) continue;
                ulong address = instruction.GetVirtualAddress(operand, 0, (register, _, _) => Value(at, register));
                if (address >= area.DataStart && address < area.DataEnd) waits.Add(address);
            }
        }

        return waits.Count == 0 ? "it never leaves the loop" : string.Join("; ", waits.Select(a =>
            $"{Place(a)} stays {graph.Data.ReadHalf(graph[node].Data, a)}"));
    }

    /// <summary>Where two states of the data differ, 32 bits at a time: what each holds there.</summary>
    public (List<string> Expected, List<string> Found) Differences(int expected, int found)
    {
        var lists = (Expected: new List<string>(), Found: new List<string>());
        ReadOnlySpan<int> one = graph.Data.BlocksOf(expected), other = graph.Data.BlocksOf(found);
        for (int block = 0; block < one.Length; block++)
        {
            if (one[block] == other[block]) continue;
            ulong address = graph.Data.Start + ((ulong)block * DataPool.BlockWords * 8);
            for (ulong end = address + (DataPool.BlockWords * 8); address < end; address += 4)
            {
                (uint a, uint b) = (graph.Data.ReadHalf(expected, address), graph.Data.ReadHalf(found, address));
                if (a == b || lists.Found.Count >= MostDifferences) continue;
                lists.Expected.Add($"{Place(address)} is {Number(a)}");
                lists.Found.Add($"{Place(address)} is {Number(b)}");
            }
        }

        return lists;
    }

    /// <summary>Adds the results in which two ends of a call differ.</summary>
    public void AddResults(List<string> expected, List<string> found, Call call, int one, int other)
    {
        foreach (int register in (ReadOnlySpan<int>)[Context.Rax, Context.Rdx, Context.Rbx, Context.Rbp, Context.R12, Context.R13, Context.R14, Context.R15])
        {
            (ulong a, ulong b) = (graph.ContextOf(one)[register], graph.ContextOf(other)[register]);
            if (a == b) continue;
            expected.Add($"{call} leaves {Number(a)} in {Context.NameOf(register)}");
            found.Add($"{call} leaves {Number(b)} in {Context.NameOf(register)}");
        }
    }

    /// <summary>A number, small ones in decimal.</summary>
    public static string Number(ulong value) => value < 65536 ? $"{value}" : $"0x{value:x}";

    private string Text(ulong address)
    {
        if (!area.Contains(address)) return string.Empty;
        CodeInstruction instruction = graph.Code.At(address);
        return disassembler.Format(graph.Code.BytesOf(instruction), address);
    }

    private ulong Value(int node, Register register)
    {
        if (!register.IsGPR()) return 0;
        ulong value = graph.ContextOf(node)[register.GetFullRegister() - Register.RAX];
        return register.GetSize() == 4 ? (uint)value : value;
    }
}
