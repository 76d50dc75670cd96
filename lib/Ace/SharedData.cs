using Iced.Intel;
using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>Whoever touches data that somebody writes holds a lock that the other holds, too.</summary>
/// <remarks>
/// Every routine takes its locks before it releases any (PV2037), so with this the routines are serialisable: two-phase
/// locking (Eswaran, Gray, Lorie, Traiger 1976). A routine of one atomic access needs no lock against others of its kind.
/// </remarks>
internal sealed class SharedData(AceArea area, LockBook book)
{
    private const int Most = 2000;
    private readonly Dictionary<(ulong At, Interval Bytes, string Locks), SharedAccess> accesses = [];
    private readonly List<Finding> peeks = [];
    private readonly HashSet<AceGraph> alone = [];
    private readonly HashSet<AceGraph> counted = [];

    /// <summary>Notes what an instruction touches in one state; in a lock's spin it may read the lock.</summary>
    public void Note(AceGraph graph, in Instruction instruction, in InstructionInfo info, MachineState state, bool spins)
    {
        if (state.Locks.IsSpoiled || accesses.Count > Most) return;
        if (counted.Add(graph) && IsOfOneAccess(graph)) alone.Add(graph);
        foreach (UsedMemory memory in info.GetUsedMemory())
        {
            if (memory.Access == OpAccess.NoMemAccess || Addresses.Touched(instruction, memory, state) is not { } bytes || !Addresses.InData(bytes, area)) continue;
            if (IsLock(instruction, memory, state, bytes, spins)) continue;
            if (!Transfer.Writes(memory.Access) && book.Known.Any(k => k.Where.IsConstant && k.MayOverlap(bytes)))
                peeks.Add(new Finding(AceRules.Unprotected, instruction.IP, "it reads a lock's word other than to wait for the lock"));
            ulong[] locks = [.. (state.Locks.Held?.All() ?? []).Where(h => h.Key.Where.IsConstant).Select(h => h.Key.Where.Lo).Order()];
            bool once = alone.Contains(graph) && IsAtomic(instruction, memory, bytes);
            var access = new SharedAccess(instruction.IP, bytes, Transfer.Writes(memory.Access), once, locks);
            accesses.TryAdd((access.At, bytes, string.Join(',', locks)), access);
        }
    }

    /// <summary>Compares every pair, each access with itself on another processor, too.</summary>
    public IEnumerable<Finding> Check()
    {
        foreach (Finding peek in peeks) yield return peek;
        SharedAccess[] all = [.. accesses.Values.OrderBy(a => a.At)];
        if (all.Length > Most)
        {
            yield return new Finding(AceRules.TooComplex, area.Start, "there are too many accesses to data to compare each with each");
            yield break;
        }

        for (int i = 0; i < all.Length; i++)
        {
            for (int j = i; j < all.Length; j++)
            {
                (SharedAccess one, SharedAccess two) = (all[i], all[j]);
                if (!(one.Writes || two.Writes) || one.Bytes.Meet(two.Bytes) is null || (one.IsAlone && two.IsAlone)) continue;
                if (one.Locks.Intersect(two.Locks).Any()) continue;
                SharedAccess less = one.Locks.Count <= two.Locks.Count ? one : two, more = less == one ? two : one;
                string others = more == less ? "another processor that is here as well" : $"another processor at 0x{more.At:x}";
                yield return new Finding(AceRules.Unprotected, less.At,
                    $"it holds no lock that {others} holds, and both touch 0x{one.Bytes.Meet(two.Bytes)!.Value.Lo:x}");
            }
        }
    }

    private bool IsLock(in Instruction instruction, in UsedMemory memory, MachineState state, Interval bytes, bool spins)
    {
        if (LockAction.Of(instruction, state).Kind == LockActionKind.Take) return true;
        if (!spins && !Transfer.Writes(memory.Access)) return false; // its value is data, then
        return Addresses.KeyOf(memory, state) is { } key && bytes.Hi - bytes.Lo < (ulong)Math.Max(memory.MemorySize.GetSize(), 4) + (key.Where.Hi - key.Where.Lo)
            && (book.Known.Any(k => k.Is(key)) || (state.Locks.Held?.All() ?? []).Any(h => h.Key.Is(key)));
    }

    private static bool IsOfOneAccess(AceGraph graph)
    {
        var factory = new InstructionInfoFactory();
        return graph.Nodes.Sum(n => factory.GetInfo(n).GetUsedMemory().Count()) == 1 && AceLoops.Find(graph) is { Natural.Count: 0, Irreducible.Count: 0 };
    }

    // Locked, or a plain load or store that lies within its size.
    private static bool IsAtomic(in Instruction instruction, in UsedMemory memory, Interval bytes)
    {
        ulong size = (ulong)memory.MemorySize.GetSize();
        if (size is 0 or > 8 || bytes.Hi - bytes.Lo != size - 1 || bytes.Lo % size != 0) return false;
        bool both = memory.Access is not (OpAccess.Read or OpAccess.Write);
        return !both || instruction.HasLockPrefix || instruction.Mnemonic == Mnemonic.Xchg;
    }
}
