using Iced.Intel;
using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>Follows the locks over one instruction, and says what is wrong with them.</summary>
internal static class LockChecks
{
    /// <summary>The locks after an instruction that has them in <paramref name="state"/> before it.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="memory">The operand it writes.</param>
    /// <param name="state">What is known before it.</param>
    /// <param name="area">The area.</param>
    /// <param name="book">The locks of the area; taken ones are noted.</param>
    /// <param name="id">The id that the value which xchg loads will have.</param>
    /// <param name="report">Receives findings; null while states are still being found.</param>
    public static LockState Apply(
        in Instruction instruction, in UsedMemory memory, MachineState state, AceArea area, LockBook book, int id, List<Finding>? report)
    {
        LockState locks = state.Locks;
        if (locks.IsSpoiled || Addresses.KeyOf(memory, state) is not { } key) return locks;
        ulong at = instruction.IP;
        LockAction action = LockAction.Of(instruction, state);
        if (action.Kind == LockActionKind.Take) return Take(locks, key, action, at, book, id, report);
        HeldLock? mine = locks.Held?.All().FirstOrDefault(h => h.Key.Is(key));
        if (mine is not null && action.Kind == LockActionKind.Clear) return Release(locks, mine, at, report);
        bool known = book.Known.Any(k => k.Is(key) || (!key.Where.IsConstant && k.Where == key.Where));
        if (known && action.Kind == LockActionKind.Set && mine is null)
        {
            report?.Add(new Finding(AceRules.SpinsElsewhere, at, "the lock is taken by a plain store, which another processor may make at the same time"));
            return locks with { Held = new HeldLock(key, at, locks.Held) };
        }

        if (known && action.Kind == LockActionKind.Clear)
        {
            report?.Add(new Finding(AceRules.LockNotHeld, at, $"the lock at {Name(key)} is released where it is not held on every path"));
            return LockState.Spoiled;
        }

        if (Addresses.Touched(instruction, memory, state) is not { } touched || !Addresses.InData(touched, area)) return locks; // PV2040
        LockKey? hit = mine?.Key;
        foreach (LockKey other in book.Known)
            if (other.Where.IsConstant && other.MayOverlap(touched)) hit = other;
        if (hit is not { } overwritten) return locks;
        report?.Add(new Finding(AceRules.LockNotHeld, at, $"the store may overwrite the lock at {Name(overwritten)} with something else than a release"));
        return LockState.Spoiled;
    }

    /// <summary>What is still held where a routine returns.</summary>
    public static void AtExit(LockState locks, ulong at, List<Finding> report)
    {
        if (locks.IsSpoiled) return;
        if (locks.Held is { } held)
            report.Add(new Finding(AceRules.LockKept, at, $"it returns with the lock at {Name(held.Key)} held, taken at 0x{held.At:x}"));
        else if (locks.Attempt is { } attempt)
            report.Add(new Finding(AceRules.LockKept, at, $"it returns without having looked whether 0x{attempt.At:x} took the lock at {Name(attempt.Key)}"));
        else if (locks.Busy is { } busy)
            report.Add(new Finding(AceRules.Unprotected, at, $"it returns because the lock at {Name(busy)} was busy, which between two routines it never is"));
    }

    /// <summary>Orders in which locks are taken that let two processors wait for each other.</summary>
    public static IEnumerable<Finding> Orders(LockBook book)
    {
        var after = book.Nested.Keys.ToLookup(p => p.Outer, p => p.Inner);
        foreach (((ulong outer, ulong inner), ulong at) in book.Nested)
        {
            var seen = new HashSet<ulong>();
            var work = new Stack<ulong>([inner]);
            while (work.TryPop(out ulong next))
                if (seen.Add(next)) foreach (ulong further in after[next]) work.Push(further);
            if (seen.Contains(outer))
                yield return new Finding(AceRules.LockOrder, at, $"it takes the lock at 0x{inner:x} while it holds 0x{outer:x}; elsewhere it is the other way round");
        }
    }

    private static LockState Take(LockState locks, LockKey key, LockAction action, ulong at, LockBook book, int id, List<Finding>? report)
    {
        book.Known.Add(key);
        foreach (HeldLock held in locks.Held?.All() ?? [])
        {
            bool same = held.Key.Is(key);
            if (!same && !held.Key.MayOverlap(new Interval(key.Where.Lo, key.Where.Hi + 3))) continue;
            report?.Add(new Finding(AceRules.LockTwice, at,
                $"the lock at {Name(key)} {(same ? "is" : "may be")} held already, taken at 0x{held.At:x}"));
            return LockState.Spoiled;
        }

        book.NoteOrder(key, locks.Held, at);
        if (locks.HasReleased)
        {
            report?.Add(new Finding(AceRules.TwoSections, at, $"the lock at {Name(key)} is taken when another critical section has ended already"));
            return LockState.Spoiled;
        }

        if (!action.IsAtomic)
            report?.Add(new Finding(AceRules.SpinsElsewhere, at, "the lock is taken without a lock prefix: two processors may both find it free"));
        return locks with { Attempt = new LockAttempt(key, at, action.Attempt, id) };
    }

    private static LockState Release(LockState locks, HeldLock mine, ulong at, List<Finding>? report)
    {
        if (locks.Held == mine) return locks with { Held = mine.Below, HasReleased = true };
        report?.Add(new Finding(AceRules.LockOrder, at,
            $"the lock at {Name(mine.Key)} is released before {Name(locks.Held!.Key)}, which was taken after it"));
        return LockState.Spoiled;
    }

    private static string Name(LockKey key) => key.Where.IsConstant ? $"0x{key.Where.Lo:x}" : $"0x{key.Where.Lo:x}…0x{key.Where.Hi:x}";
}
