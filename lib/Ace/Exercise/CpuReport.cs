namespace PvPatch.Ace.Exercise;

/// <summary>Puts a failing schedule of two processors into words.</summary>
internal sealed class CpuReport(Arena arena, CpuSchedule schedule, IReadOnlyList<CpuOutcome?> serial)
{
    private StateGraph Graph => arena.Graph;

    /// <summary>The failure.</summary>
    public ExerciseFailure Describe(int bad, in CpuThread first, in CpuThread second, in CpuOutcome outcome, bool secondFirst)
    {
        Verdict verdict = bad switch
        {
            0 => Explain(first),
            1 => Explain(second),
            2 => Spins(first, second),
            _ => Compare(outcome),
        };
        var lines = new List<string>(Wording.Setup(schedule.Setup));
        if (schedule.FirstStop is { } stop) lines.Add($"cpu0: {Stopped(stop, schedule.First.Call)}");
        if (schedule.SecondStop is { } other)
        {
            lines.Add(other is { Steps: 0, Pending: null }
                ? $"cpu1: {schedule.Second.Call} is about to begin"
                : $"cpu1: {Stopped(other, schedule.Second.Call)}");
            if (schedule.Interrupted)
                lines.Add($"interrupt on cpu1 before {arena.Words.Instruction(Graph.Contexts[other.Context][Context.Rip])}: rip and r11 change places");
        }

        string one = RunsOn(0, first, schedule.FirstStop is not null, bad), two = RunsOn(1, second, schedule.SecondStop is not null, bad);
        lines.AddRange(secondFirst ? [two, one] : [one, two]);
        return new ExerciseFailure(schedule.First.Call.Entry, verdict.Kind, verdict.Address, verdict.Message, lines, verdict.Expected, verdict.Found);
    }

    private string Stopped(in CpuPoint point, Call call)
    {
        string whole = $"{Wording.Count(point.Steps)} of {call}";
        if (point.Pending is null) return whole;
        string half = $"the read, not yet the write, of {arena.Words.Instruction(Graph.ContextOf(point.Node)[Context.Rip])}";
        return point.Steps == 0 ? $"of {call} {half}" : $"{whole}, and {half}";
    }

    private string RunsOn(int number, in CpuThread cpu, bool stopped, int bad)
    {
        Call call = number == 0 ? schedule.First.Call : schedule.Second.Call;
        string what = stopped ? "runs on" : $"{call}";
        return cpu.End >= 0 ? $"cpu{number}: {what} to its end, {Wording.Count(cpu.Steps)}"
            : bad == number ? $"cpu{number}: {what}, and goes wrong after {Wording.Count(cpu.Steps + Graph.Finish(cpu.Ran).Distance)}"
            : $"cpu{number}: {what}, and spins";
    }

    private Verdict Explain(in CpuThread cpu) => arena.Ends.Explain(cpu.Ran, cpu.ComeBack, cpu.Stack, Graph.ContextOf(cpu.Start));

    private Verdict Spins(in CpuThread first, in CpuThread second)
    {
        CpuThread cpu = first.End < 0 ? first : second;
        int node = Graph.Finish(cpu.Ran).End;
        ulong at = Graph.ContextOf(node)[Context.Rip];
        string both = first.End < 0 && second.End < 0 ? "both processors spin for ever" : "a processor spins for ever";
        return new Verdict(ExerciseFailureKind.Deadlock, at, $"{both}, one at {arena.Words.Place(at)}", "both calls come back", arena.Words.SpinsOn(node));
    }

    // The serial order that the outcome is nearest to is the one to compare with.
    private Verdict Compare(CpuOutcome outcome)
    {
        (List<string> Expected, List<string> Found) best = ([], []);
        foreach (CpuOutcome? order in serial)
        {
            if (order is not { } o) continue;
            (List<string> expected, List<string> found) = arena.Words.Differences(o.Data, outcome.Data);
            arena.Words.AddResults(expected, found, schedule.First.Call, o.First, outcome.First);
            arena.Words.AddResults(expected, found, schedule.Second.Call, o.Second, outcome.Second);
            if (best.Found.Count == 0 || found.Count < best.Found.Count) best = (expected, found);
        }

        return new Verdict(
            ExerciseFailureKind.NotAtomic, schedule.First.Call.Entry.Address, "two processors leave what neither order of the calls leaves",
            string.Join("; ", best.Expected), string.Join("; ", best.Found));
    }
}
