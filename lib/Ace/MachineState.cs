using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>What is known before an instruction: the registers, what the flags compare, and the locks.</summary>
internal sealed class MachineState
{
    /// <summary>General-purpose registers.</summary>
    public const int Count = 16;

    private MachineState(RegisterValue[] registers) => Registers = registers;

    /// <summary>rax … r15, in the order of their encoding.</summary>
    public RegisterValue[] Registers { get; }

    public FlagsState Flags { get; set; }

    public LockState Locks { get; set; } = LockState.None;

    /// <summary>Nothing known but that every register has the value it has.</summary>
    public static MachineState AtEntry()
    {
        var registers = new RegisterValue[Count];
        for (int i = 0; i < Count; i++) registers[i] = RegisterValue.Of(Interval.Full(8), i + 1);
        return new MachineState(registers);
    }

    public MachineState Clone() => new([.. Registers]) { Flags = Flags, Locks = Locks };

    /// <summary>The register's number; negative for one that is no general-purpose register.</summary>
    public static int NumberOf(Register register) => register.IsGPR() ? register.GetFullRegister() - Register.RAX : -1;

    /// <summary>The range of a register as an instruction reads it.</summary>
    public Interval Read(Register register)
    {
        int number = NumberOf(register);
        if (number < 0) return Interval.Full(8);
        return register is Register.AH or Register.BH or Register.CH or Register.DH
            ? Interval.Full(1)
            : Registers[number].Read(register.GetSize());
    }

    /// <summary>Gives a register a new value, and forgets the one that had its id in an earlier round of a loop.</summary>
    public void Define(int number, Interval whole, int id)
    {
        Forget(id, number);
        Registers[number] = RegisterValue.Of(whole, id);
    }

    /// <summary>An id gets a new meaning: nobody else may go by it.</summary>
    public void Forget(int id, int except)
    {
        for (int i = 0; i < Count; i++)
            if (Registers[i].Id == id && i != except) Registers[i] = Registers[i] with { Id = 0 };
        Flags = Flags.Forget(id);
        Locks = Locks.Forget(id);
    }

    /// <summary>Comes to where paths meet: sixteen ids there stand for the registers as they are now.</summary>
    public void Arrive(int firstId)
    {
        for (int i = 0; i < Count; i++) Forget(firstId + i, i);
    }

    /// <summary>Narrows every register that holds a value.</summary>
    /// <returns>False where that cannot be.</returns>
    public bool Narrow(int id, Interval by, int size)
    {
        for (int i = 0; id != 0 && i < Count; i++)
        {
            if (Registers[i].Id != id) continue;
            if (Registers[i].Narrow(by, size) is not { } value) return false;
            Registers[i] = value;
        }

        return true;
    }

    /// <summary>Adds what another path knows; both have the same locks.</summary>
    /// <param name="other">The other path's state.</param>
    /// <param name="firstId">The first of sixteen ids for values that differ.</param>
    /// <param name="widen">Gives up ends that keep moving: thresholds, ascending; null for not yet.</param>
    /// <returns>Whether anything changed.</returns>
    public bool Join(MachineState other, int firstId, ulong[]? widen)
    {
        bool changed = false;
        for (int i = 0; i < Count; i++)
        {
            RegisterValue mine = Registers[i], its = other.Registers[i];
            int id = mine.Id == its.Id ? mine.Id : firstId + i;
            var joined = new RegisterValue(Grow(mine.Whole, its.Whole, widen, 8), Grow(mine.Low, its.Low, widen, 4), id);
            if (joined == mine) continue;
            Registers[i] = joined;
            changed = true;
        }

        FlagsState flags = Flags.Join(other.Flags);
        if (flags.Size != 0)
            flags = flags with { Left = Grow(Flags.Left, flags.Left, widen, flags.Size), Right = Grow(Flags.Right, flags.Right, widen, flags.Size) };
        changed |= flags != Flags;
        Flags = flags;
        return changed;
    }

    private static Interval Grow(Interval old, Interval other, ulong[]? widen, int size)
    {
        Interval joined = old.Join(other);
        if (widen is null || joined == old) return joined;
        ulong lo = joined.Lo < old.Lo ? 0 : joined.Lo, hi = joined.Hi;
        if (hi > old.Hi)
        {
            int at = Array.BinarySearch(widen, hi);
            at = at < 0 ? ~at : at;
            hi = at < widen.Length ? Math.Min(widen[at], Interval.Mask(size)) : Interval.Mask(size);
        }

        return new Interval(lo, hi);
    }
}
