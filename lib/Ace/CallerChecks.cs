using Iced.Intel;
using PvPatch.Checking;
using PvPatch.X86;

namespace PvPatch.Ace;

/// <summary>Who enters the area does so at an entry, says where to come back to, and gives up what the entry clobbers.</summary>
internal sealed class CallerChecks
{
    private readonly AceImage image;
    private readonly AceArea area;
    private readonly Dictionary<ulong, AceGraph> routines = [];
    private readonly Dictionary<AceGraph, (int Live, int Written)> registers = [];
    private readonly List<Finding> findings = [];

    private CallerChecks(AceImage image, AceArea area, IReadOnlyList<AceGraph> graphs)
    {
        (this.image, this.area) = (image, area);
        foreach (AceGraph graph in graphs)
        {
            routines[graph.Entry.Address] = graph;
            registers[graph] = (graph.Root < 0 ? 0 : AceLiveness.Before(graph)[graph.Root], AceLiveness.Written(graph));
        }

        for (ulong slot = area.TableStart; slot < area.TableEnd && area.TableEnd - slot >= AceArea.SlotSize; slot += AceArea.SlotSize)
            if (image.TrySlice(slot, Branch.Length, out ReadOnlySpan<byte> code) && code[0] == Branch.Jump
                && routines.TryGetValue(Branch.Target(code, slot), out AceGraph? routine)) routines.TryAdd(slot, routine);
    }

    /// <summary>Checks every transfer of an image into its area.</summary>
    public static CallerResult Check(AceImage image, AceArea area, IReadOnlyList<AceGraph> graphs)
    {
        if (area.End == area.Start) return new CallerResult(0, []);
        IReadOnlyList<CallerSite> sites = CallerScan.Find(image, area);
        var checks = new CallerChecks(image, area, graphs);
        int count = 0;
        for (int i = 0; i < sites.Count;)
        {
            AddressRange range = CallerFunction.Around(image, sites[i].At);
            int first = i;
            while (++i < sites.Count && sites[i].At < range.End) { }
            count += checks.CheckFunction(range, [.. sites.Skip(first).Take(i - first)]);
        }

        return new CallerResult(count, checks.findings);
    }

    private int CheckFunction(AddressRange range, CallerSite[] sites)
    {
        if (CallerFunction.Read(image, range) is not { } function)
        {
            findings.Add(new Finding(AceRules.TooComplex, sites[0].At, "the function that enters the area is too large, or has no symbol"));
            return sites.Length;
        }

        var transfers = new SortedDictionary<int, CallerTransfer>();
        foreach (CallerSite site in sites)
            if (site.IsTransfer && function.IndexOf(site.At) is var at)
                if (at < 0) findings.Add(new Finding(AceRules.TooComplex, site.At, "its function decodes in two ways"));
                else transfers[at] = Resolve(function, at, TargetOf(function.Code[at]));
        if (sites.Any(s => !s.IsTransfer))
            for (int at = 0; at < function.Code.Count; at++)
                if (IndirectTarget(function, at) is { } target && area.Contains(target)) transfers[at] = Resolve(function, at, target);
        foreach (CallerTransfer transfer in transfers.Values) CheckTransfer(function, transfer);
        if (transfers.Count != 0) CheckClobbers(function, transfers);
        return transfers.Count;
    }

    private ulong TargetOf(in Instruction instruction) =>
        instruction.Op0Kind == OpKind.NearBranch64 ? instruction.NearBranch64 : CallerScan.Pointer(image, instruction) ?? 0;

    private static ulong? IndirectTarget(CallerFunction function, int at)
    {
        Instruction instruction = function.Code[at];
        return instruction.FlowControl is FlowControl.IndirectBranch or FlowControl.IndirectCall && instruction.Op0Kind == OpKind.Register
            ? function.ConstantBefore(at, instruction.Op0Register)
            : null;
    }

    private CallerTransfer Resolve(CallerFunction function, int at, ulong target)
    {
        int back = function.ConstantBefore(at, Register.R11) is { } address ? function.IndexOf(address) : -1;
        return new CallerTransfer(at, target, routines.GetValueOrDefault(target), back);
    }

    private void CheckTransfer(CallerFunction function, CallerTransfer transfer)
    {
        Instruction instruction = function.Code[transfer.Index];
        if (transfer.Routine is null)
        {
            findings.Add(new Finding(AceRules.EntersElsewhere, instruction.IP, $"it goes to 0x{transfer.Target:x} ({image.Describe(transfer.Target)}), which is no entry and no slot"));
            return;
        }

        string? wrong = instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall
            ? "it calls, and what the call pushes is never taken from the stack"
            : transfer.Return >= 0 ? null
            : function.ConstantBefore(transfer.Index, Register.R11) is { } address
                ? $"r11 is 0x{address:x} ({image.Describe(address)}), where no instruction of this function begins"
                : "nothing before it in its basic block loads r11 with an address of this function";
        if (wrong is not null) findings.Add(new Finding(AceRules.WrongReturn, instruction.IP, wrong));
    }

    private void CheckClobbers(CallerFunction function, SortedDictionary<int, CallerTransfer> transfers)
    {
        if (CallerLiveness.Find(function, transfers, registers) is not { } live)
        {
            findings.Add(new Finding(AceRules.TooComplex, function.Code[0].IP, "there are too many paths behind the call to follow them"));
            return;
        }

        foreach (CallerTransfer transfer in transfers.Values)
        {
            if (transfer.Routine is null || transfer.Return < 0) continue;
            int lost = live.Before[transfer.Return] & CallerLiveness.Lost(registers[transfer.Routine].Written);
            if (lost == 0) continue;
            int reader = CallerLiveness.FirstReader(live, transfer.Return, ref lost);
            findings.Add(new Finding(AceRules.UsesClobbered, function.Code[reader].IP,
                $"it uses {CallerLiveness.NameOf(lost)} as left by {transfer.Routine.Entry.Name}, entered at 0x{function.Code[transfer.Index].IP:x}"));
        }
    }
}
