namespace PvPatch.Ace;

/// <summary>One path through an interrupt entry: registers, the memory it wrote, flags, and what it learnt of the interrupted RIP.</summary>
internal sealed class HandlerState
{
    private readonly Dictionary<HandlerValue, HandlerValue> memory;

    private HandlerState(HandlerValue[] registers, Dictionary<HandlerValue, HandlerValue> memory) =>
        (Registers, this.memory) = (registers, memory);

    public HandlerValue[] Registers { get; }

    public ulong Address { get; set; }

    public int Steps { get; set; }

    public HandlerFlags Flags { get; set; }

    /// <summary>What was compared last; null where the flags say nothing known.</summary>
    public (HandlerValue Left, HandlerValue Right)? Compared { get; set; }

    /// <summary>Where the interrupted RIP may lie on this path.</summary>
    public Interval Rip { get; set; } = Interval.Full(8);

    /// <summary>Whether the interrupted RIP was compared with anything.</summary>
    public bool HasTested { get; set; }

    /// <summary>Which base gs is.</summary>
    public int Gs { get; set; } = HandlerValue.Gs;

    /// <summary>The state when an interrupt arrives.</summary>
    /// <param name="address">The entry.</param>
    /// <param name="pushed">Bytes that a stub pushed over the hardware's frame.</param>
    public static HandlerState AtEntry(ulong address, ulong pushed)
    {
        var registers = new HandlerValue[MachineState.Count];
        for (int i = 0; i < registers.Length; i++) registers[i] = HandlerValue.Initial(i);
        var state = new HandlerState(registers, []) { Address = address };
        for (int i = 0; i < 5; i++) state.memory[registers[4].Plus(pushed + (8 * (ulong)i))] = new HandlerValue(HandlerValue.Frame + i, 0);
        return state;
    }

    public HandlerState Clone() => new([.. Registers], new Dictionary<HandlerValue, HandlerValue>(memory))
    {
        Address = Address,
        Steps = Steps,
        Flags = Flags,
        Compared = Compared,
        Rip = Rip,
        HasTested = HasTested,
        Gs = Gs,
    };

    /// <summary>The eight bytes at a place; what nobody wrote is something unknown, the same at every look.</summary>
    public HandlerValue Load(HandlerValue at, ref int fresh)
    {
        if (memory.TryGetValue(at, out HandlerValue value)) return value;
        return memory[at] = new HandlerValue(fresh++, 0);
    }

    /// <summary>Writes eight bytes; what overlapped them is lost.</summary>
    public void Store(HandlerValue at, HandlerValue value, ref int fresh)
    {
        for (ulong by = 1; by < 8; by++)
        {
            if (memory.ContainsKey(at.Plus(by))) memory[at.Plus(by)] = new HandlerValue(fresh++, 0);
            if (memory.ContainsKey(at.Minus(by))) memory[at.Minus(by)] = new HandlerValue(fresh++, 0);
        }

        memory[at] = value;
    }

    /// <summary>The eight bytes in which a place lies, as the path wrote them, and how far into them.</summary>
    public HandlerValue? Around(HandlerValue at, out ulong into)
    {
        for (into = 0; into < 8; into++)
            if (memory.ContainsKey(at.Minus(into))) return at.Minus(into);
        into = 0;
        return null;
    }
}
