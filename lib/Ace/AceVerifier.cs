using Iced.Intel;
using PvPatch.Checking;
using PvPatch.Elf;

namespace PvPatch.Ace;

/// <summary>Runs every check over an area and its image.</summary>
public sealed class AceVerifier
{
    private const int MostNodes = 1 << 17; // of all entries together
    private readonly AceImage image;
    private readonly AceArea area;
    private readonly List<Finding> findings = [];

    private AceVerifier(ElfFile file, AceArea area) => (image, this.area) = (new AceImage(file), area);

    /// <summary>Finds the area of an image and verifies it.</summary>
    /// <returns>Null where nothing of an area is there; where some of one is, its absence is the finding.</returns>
    public static AceReport? Verify(ElfFile file, AceOptions options, bool isObject = false)
    {
        if (AceAreaFinder.Find(file, options) is { } area) return Verify(file, area, isObject);
        string? trace = AceAreaFinder.Trace(file);
        if (trace is null) return null;
        return new AceReport(new AceArea(0, 0, 0, 0, 0, 0, []), [], 0, 0, [new Finding(
            AceRules.NoArea, 0, $"the image has {trace}, but no section .ace and no __ace_start and __ace_end")]);
    }

    /// <summary>Verifies an area.</summary>
    /// <param name="file">The image; an object must have been laid out.</param>
    /// <param name="area">Its area.</param>
    /// <param name="isObject">Whether it was laid out by us, so that its pages say nothing.</param>
    public static AceReport Verify(ElfFile file, AceArea area, bool isObject = false) => new AceVerifier(file, area).Run(isObject);

    private AceReport Run(bool isObject)
    {
        findings.AddRange(LayoutChecks.CheckPlaces(image, area, isObject));
        findings.AddRange(LayoutChecks.CheckTable(image, area));
        List<AceGraph> graphs = [];
        List<AceEntryReport> entries = [];
        if (AceCode.Read(image, area) is { } code)
        {
            graphs = BuildGraphs(code);
            CheckCode(code, graphs, isObject);
            entries = CheckRoutines(code, graphs);
        }
        else
        {
            findings.Add(new Finding(AceRules.NoArea, area.Start, $"the image holds no bytes for all of 0x{area.Start:x}…0x{area.End:x}"));
        }

        CallerResult callers = CallerChecks.Check(image, area, graphs);
        findings.AddRange(callers.Findings);
        HandlerResult handlers = HandlerChecks.Check(image, area, graphs);
        findings.AddRange(handlers.Findings);
        return new AceReport(area, entries, callers.Count, handlers.Count, [.. findings
            .DistinctBy(f => (f.Rule, f.Address))
            .OrderBy(f => f.Address).ThenBy(f => f.Rule.Id, StringComparer.Ordinal)]);
    }

    private List<AceGraph> BuildGraphs(AceCode code)
    {
        var graphs = new List<AceGraph>();
        int nodes = 0;
        foreach (AceEntry entry in area.Entries)
        {
            if (!area.Contains(entry.Address)) continue; // PV2001
            AceGraph graph = AceGraph.Build(code, entry);
            graphs.Add(graph);
            nodes += graph.Nodes.Count + 1;
            if (!graph.IsTruncated && nodes <= MostNodes) continue;
            findings.Add(new Finding(AceRules.TooComplex, entry.Address, "there are too many instructions to follow"));
            if (nodes > MostNodes) break;
        }

        return graphs;
    }

    private void CheckCode(AceCode code, List<AceGraph> graphs, bool isObject)
    {
        var reachable = new Dictionary<ulong, Instruction>();
        foreach (AceGraph graph in graphs)
        {
            findings.AddRange(ExitChecks.Check(graph, code, image));
            foreach (Instruction instruction in graph.Nodes) reachable.TryAdd(instruction.IP, instruction);
        }

        var factory = new InstructionInfoFactory();
        foreach (Instruction instruction in reachable.Values) findings.AddRange(ResumeChecks.Check(instruction, factory.GetInfo(instruction)));
        findings.AddRange(ExitChecks.Overlaps(reachable.Values));
        if (isObject) return;
        IEnumerable<(ulong Start, ulong End)> reached = reachable.Values.Select(i => (i.IP, i.NextIP))
            .Concat(graphs.SelectMany(g => g.Leaks).Where(l => l.Kind == AceLeakKind.Undecodable).Select(l => (l.To, code.EndOfRun(l.To)))) // PV2007
            .Append((area.TableStart, area.TableEnd)) // PV2005
            .Where(r => r.Item2 > area.Start && r.Item1 < area.End);
        findings.AddRange(LayoutChecks.CheckDead(code, [.. reached.OrderBy(r => r.Start)]));
    }

    private List<AceEntryReport> CheckRoutines(AceCode code, List<AceGraph> graphs)
    {
        // Twice: which words are locks is known only when every routine was seen.
        var book = new LockBook();
        foreach (AceGraph graph in graphs) AceInterpreter.Run(graph, area, book);
        var entries = new List<AceEntryReport>();
        var shared = new SharedData(area, book);
        foreach (AceGraph graph in graphs) entries.Add(CheckRoutine(graph, book, shared));
        findings.AddRange(LockChecks.Orders(book));
        findings.AddRange(shared.Check());
        return entries;
    }

    private AceEntryReport CheckRoutine(AceGraph graph, LockBook book, SharedData shared)
    {
        AceInterpreter interpreter = AceInterpreter.Run(graph, area, book);
        interpreter.Report(findings);
        AceLoops loops = AceLoops.Find(graph);
        IReadOnlyList<long?> rounds = LoopBounds.Find(graph, loops, interpreter, findings);
        HashSet<ulong> spins = [.. loops.Natural.Where((_, i) => rounds[i] == 0).SelectMany(l => l.Body).Select(n => graph.Nodes[n].IP)];
        interpreter.ForEach((instruction, info, state) =>
        {
            DataChecks.Check(instruction, info, state, area, image, findings);
            ResumeChecks.CheckFrame(instruction, info, state, findings);
            shared.Note(graph, instruction, info, state, spins.Contains(instruction.IP));
        });
        if (!interpreter.IsComplete || !loops.IsComplete)
            findings.Add(new Finding(AceRules.TooComplex, graph.Entry.Address, "there are too many ways through it to follow them all"));
        bool proved = interpreter.IsComplete && loops.IsComplete && !graph.IsTruncated;
        return new AceEntryReport(graph.Entry, [.. graph.Addresses], proved ? PathLength.Find(graph, loops, rounds) : null);
    }
}
