using System.Numerics;
using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>Which registers a calling function still reads, followed over its calls into the area.</summary>
internal sealed class CallerLiveness
{
    private const int MostPasses = 100;
    private const int Clobbered = 0b1111_1100_0111 | AceLiveness.Flags; // rax rcx rdx rsi rdi r8–r11, flags
    private const int Rax = 1, Rdx = 1 << 2;
    private readonly int[][] next;
    private readonly (int Reads, int Writes)[] own;

    private CallerLiveness(int[][] next, (int Reads, int Writes)[] own) => (this.next, this.own) = (next, own);

    /// <summary>What is read at or behind each instruction before it is written.</summary>
    public int[] Before { get; private set; } = [];

    /// <summary>What a caller must not use after an entry that writes some registers: all it may clobber, but its results.</summary>
    public static int Lost(int written) => Clobbered & ~Rax & ~(written & Rdx);

    /// <summary>Follows a function; null where it is too tangled.</summary>
    public static CallerLiveness? Find(
        CallerFunction function, SortedDictionary<int, CallerTransfer> transfers, Dictionary<AceGraph, (int Live, int Written)> registers)
    {
        int count = function.Code.Count;
        (var next, var own) = (new int[count][], new (int, int)[count]);
        for (int i = 0; i < count; i++)
        {
            if (transfers.TryGetValue(i, out CallerTransfer transfer))
            {
                bool falls = function.Code[i].FlowControl == FlowControl.ConditionalBranch;
                own[i] = transfer.Routine is { } routine ? (registers[routine].Live & ~AceLiveness.Flags & ~(1 << 11), falls ? 0 : Clobbered) : (0, Clobbered);
                next[i] = [.. ((int[])[transfer.Return, falls ? i + 1 : -1]).Where(n => n >= 0 && n < count)];
                continue;
            }

            Instruction instruction = function.Code[i];
            bool calls = instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall;
            own[i] = calls ? (0, Clobbered) : AceLiveness.Of(instruction, function.InfoOf(i));
            next[i] = Next(function, i, instruction);
        }

        var liveness = new CallerLiveness(next, own) { Before = new int[count] };
        for (int pass = 0; pass < MostPasses; pass++)
            if (!liveness.Pass()) return liveness;
        return null;
    }

    /// <summary>The first instruction from here on that reads one of some registers; <paramref name="lost"/> becomes that one.</summary>
    public static int FirstReader(CallerLiveness live, int from, ref int lost)
    {
        var seen = new HashSet<int>();
        var work = new Queue<int>([from]);
        while (work.TryDequeue(out int at))
        {
            if (!seen.Add(at)) continue;
            if ((live.own[at].Reads & lost) is var read and not 0)
            {
                lost = read & -read;
                return at;
            }

            foreach (int further in live.next[at])
                if ((live.Before[further] & lost) != 0) work.Enqueue(further);
        }

        lost &= -lost;
        return from;
    }

    /// <summary>The name of a register's bit.</summary>
    public static string NameOf(int bit) => bit == AceLiveness.Flags ? "the flags"
        : (Register.RAX + BitOperations.TrailingZeroCount(bit)).ToString().ToLowerInvariant();

    private static int[] Next(CallerFunction function, int at, in Instruction instruction)
    {
        int falls = at + 1 < function.Code.Count ? at + 1 : -1;
        int target = instruction.Op0Kind == OpKind.NearBranch64 ? function.IndexOf(instruction.NearBranch64) : -1;
        int[] all = instruction.FlowControl switch
        {
            FlowControl.UnconditionalBranch => [target],
            FlowControl.ConditionalBranch => [falls, target],
            FlowControl.Return or FlowControl.IndirectBranch or FlowControl.Exception => [],
            _ => instruction.IsInvalid ? [] : [falls],
        };
        return [.. all.Where(n => n >= 0)];
    }

    private bool Pass()
    {
        bool changed = false;
        for (int i = own.Length - 1; i >= 0; i--)
        {
            int after = 0;
            foreach (int further in next[i]) after |= Before[further];
            int before = own[i].Reads | (after & ~own[i].Writes);
            changed |= before != Before[i];
            Before[i] = before;
        }

        return changed;
    }
}
