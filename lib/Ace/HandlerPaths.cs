using Iced.Intel;
using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>Follows every path of one interrupt entry until it has resumed the area, or has shown that it was not interrupted.</summary>
internal sealed class HandlerPaths
{
    private const int MostPaths = 512, MostSteps = 4000;
    private static readonly int[] Others = [.. Enumerable.Range(0, MachineState.Count).Where(i => i is not 4 and not 11)];
    private readonly AceImage image;
    private readonly AceArea area;
    private readonly (string Name, ulong Address, ulong Pushed) entry;
    private readonly HandlerStep step = new();
    private readonly Stack<HandlerState> work = new();
    private readonly List<Finding> findings = [];
    private int resumes;

    private HandlerPaths(AceImage image, AceArea area, (string, ulong, ulong) entry) => (this.image, this.area, this.entry) = (image, area, entry);

    /// <summary>Whether the area is resumed with other flags than it was interrupted with.</summary>
    public bool ChangesFlags { get; private set; }

    /// <summary>Follows an entry.</summary>
    /// <param name="image">The image.</param>
    /// <param name="area">Its area.</param>
    /// <param name="entry">Name, address, and the bytes that a stub has pushed over the hardware's frame.</param>
    public static (IReadOnlyList<Finding> Findings, bool ChangesFlags) Follow(AceImage image, AceArea area, (string Name, ulong Address, ulong Pushed) entry)
    {
        var paths = new HandlerPaths(image, area, entry);
        paths.Run();
        return (paths.findings, paths.ChangesFlags);
    }

    private Interval Covered => new(area.Start, area.End - 1);

    private void Run()
    {
        work.Push(HandlerState.AtEntry(entry.Address, entry.Pushed));
        int paths = 0;
        while (work.TryPop(out HandlerState? state))
        {
            if (++paths > MostPaths)
            {
                findings.Add(new Finding(AceRules.TooComplex, entry.Address, $"{entry.Name} has too many paths before it is done with the area"));
                return;
            }

            while (state is not null) state = Advance(state);
        }

        if (resumes == 0 && findings.Count == 0)
            findings.Add(new Finding(AceRules.SwapIncomplete, entry.Address, $"no path of {entry.Name} resumes the area"));
    }

    // One instruction; null where the path ends.
    private HandlerState? Advance(HandlerState state)
    {
        ulong at = state.Address;
        if (state.Rip.Meet(Covered) is null) return null; // not interrupted in the area: the handler's own business
        if (++state.Steps > MostSteps)
        {
            findings.Add(new Finding(AceRules.TooComplex, entry.Address, $"{entry.Name} runs for more than {MostSteps} instructions before it is done with the area"));
            return null;
        }

        if (area.Contains(at) || image.FindText(at) is not { } text || !image.TrySlice(at, Math.Min(15, text.End - at), out ReadOnlySpan<byte> bytes))
            return End(state, at, "it goes where it cannot be followed");
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(bytes.ToArray()), DecoderOptions.None);
        decoder.IP = at;
        Instruction instruction = decoder.Decode();
        state.Address = instruction.NextIP;
        switch (instruction.FlowControl)
        {
            case FlowControl.Next when !instruction.IsInvalid:
                return step.Run(instruction, state) ? state : End(state, at, "it does what cannot be undone");
            case FlowControl.UnconditionalBranch when instruction.Op0Kind == OpKind.NearBranch64:
                state.Address = instruction.NearBranch64;
                return state;
            case FlowControl.ConditionalBranch when instruction.IsJccShortOrNear:
                return Branch(instruction, state);
            case FlowControl.Call when instruction.Op0Kind == OpKind.NearBranch64:
                step.Push(HandlerValue.Of(instruction.NextIP), state);
                state.Address = instruction.NearBranch64;
                return state;
            case FlowControl.IndirectBranch or FlowControl.Return:
                HandlerValue target = step.Target(instruction, state);
                if (target == HandlerValue.Rip)
                {
                    Resume(state, at);
                    return null;
                }

                if (!target.IsConstant || instruction.Mnemonic == Mnemonic.Iretq) return End(state, at, "it goes where it cannot be followed");
                state.Address = target.Offset;
                return state;
            default:
                return End(state, at, "it goes where it cannot be followed");
        }
    }

    private HandlerState Branch(in Instruction instruction, HandlerState state)
    {
        HandlerState taken = state.Clone();
        taken.Address = instruction.NearBranch64;
        if (Learn(taken, instruction.ConditionCode)) work.Push(taken);
        if (!Learn(state, FlagsState.Negate(instruction.ConditionCode))) state.Rip = new Interval(ulong.MaxValue, ulong.MaxValue);
        return state;
    }

    // What a compare of the interrupted RIP with a number tells; RIP may be compared as a distance from somewhere.
    private bool Learn(HandlerState state, ConditionCode condition)
    {
        if (state.Compared is not { } compared) return true;
        bool left = compared.Left.Base == HandlerValue.Frame && compared.Right.IsConstant;
        bool right = compared.Right.Base == HandlerValue.Frame && compared.Left.IsConstant;
        if (!left && !right) return true;
        ulong shift = left ? compared.Left.Offset : compared.Right.Offset;
        Interval rip = state.Rip.Add(Interval.Of(shift), 8);
        Interval constant = Interval.Of(left ? compared.Right.Offset : compared.Left.Offset);
        FlagsState flags = left ? new FlagsState(8, 1, rip, 0, constant) : new FlagsState(8, 0, constant, 1, rip);
        if (flags.Where(condition) is not { } where) return false;

        // Outside of one range is two, which no interval holds; that the area is not among them is enough.
        Interval covered = Covered.Add(Interval.Of(shift), 8);
        if ((left ? flags with { Left = covered } : flags with { Right = covered }).Where(condition) is null) return false;
        Interval learnt = (left ? where.Left : where.Right).Subtract(Interval.Of(shift), 8);
        if (state.Rip.Meet(learnt) is not { } rest) return false;
        state.Rip = rest;
        return true;
    }

    private HandlerState? End(HandlerState state, ulong at, string how)
    {
        if (!state.HasTested)
            findings.Add(new Finding(AceRules.NoTest, entry.Address, $"{entry.Name} has not looked at the interrupted address when {how} at 0x{at:x} ({image.Describe(at)})"));
        else if (state.Rip != Covered)
            findings.Add(new Finding(AceRules.TestBounds, at, Bounds(state, "goes on as usual")));
        else
            findings.Add(new Finding(AceRules.SwapIncomplete, at, $"the area was interrupted, and {entry.Name} goes on without resuming it: {how}"));
        return null;
    }

    private void Resume(HandlerState state, ulong at)
    {
        resumes++;
        if (!state.HasTested)
        {
            findings.Add(new Finding(AceRules.NoTest, entry.Address, $"{entry.Name} goes back to the interrupted address at 0x{at:x} without having looked at it"));
            return;
        }

        if (state.Rip != Covered) findings.Add(new Finding(AceRules.TestBounds, at, Bounds(state, "resumes")));
        if (state.Flags == HandlerFlags.Changed) ChangesFlags = true;
        if (Missing(state) is { } missing) findings.Add(new Finding(AceRules.SwapIncomplete, at, $"{entry.Name} resumes the area, but {missing}"));
    }

    private string? Missing(HandlerState state)
    {
        if (step.FrameRip(state, entry.Pushed) != HandlerValue.Initial(11)) return "the frame's RIP is not what r11 was";
        HandlerValue way = state.Registers[11];
        if (way == HandlerValue.Initial(11)) return "r11 is as it was";
        if (!way.IsConstant || area.Contains(way.Offset) || image.FindText(way.Offset) is null) return "r11 is no address of the handler's own";
        foreach (int number in Others)
            if (state.Registers[number] != HandlerValue.Initial(number))
                return $"{(Register.RAX + number).ToString().ToLowerInvariant()} is not what it was";
        return state.Flags == HandlerFlags.InterruptsOn ? "interrupts are on" : null;
    }

    private string Bounds(HandlerState state, string does) =>
        $"{entry.Name} {does} where the interrupted address is 0x{state.Rip.Lo:x}…0x{state.Rip.Hi:x}; the area is 0x{area.Start:x}…0x{area.End - 1:x}";
}
