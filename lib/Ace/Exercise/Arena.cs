using PvPatch.Elf;

namespace PvPatch.Ace.Exercise;

/// <summary>What all phases share: the machine, the area's names, the locks once they are known, and the counts.</summary>
internal sealed class Arena
{
    private readonly Dictionary<AceEntry, Tally> tallies;

    /// <summary>Sets the machine up.</summary>
    public Arena(ElfFile image, AceArea area, CodeMap code, StateGraph graph, ExerciseOptions options, IReadOnlyList<AceEntry> entries)
    {
        (Area, Code, Graph, Options, Entries) = (area, code, graph, options, entries);
        Sentinels = new Sentinels(area);
        Words = new Wording(image.Symbols, area, graph);
        Ends = new EndCheck(this);
        tallies = entries.ToDictionary(e => e, e => new Tally(e));
        var finder = new ArgumentFinder(area, code);
        IReadOnlyList<Call>[] calls = [.. entries.Select(e => finder.Find(e, options.ArgumentSets))];
        (Calls, HandlersCalls) = ([.. calls.SelectMany(c => c)], [.. calls.Select(c => c[0])]);
    }

    public AceArea Area { get; }

    public CodeMap Code { get; }

    public StateGraph Graph { get; }

    public ExerciseOptions Options { get; }

    public Sentinels Sentinels { get; }

    public Wording Words { get; }

    public EndCheck Ends { get; }

    /// <summary>What is called: the entries, and slots that land on none.</summary>
    public IReadOnlyList<AceEntry> Entries { get; }

    /// <summary>All calls, entry by entry, plain arguments first.</summary>
    public IReadOnlyList<Call> Calls { get; }

    /// <summary>A call of each entry, as a handler makes it.</summary>
    public IReadOnlyList<Call> HandlersCalls { get; }

    /// <summary>Addresses of the 32-bit words that are locks.</summary>
    public HashSet<ulong> Locks { get; } = [];

    /// <summary>The counts of an entry.</summary>
    public Tally this[AceEntry entry] => tallies[entry];

    /// <summary>The node of a call that is about to begin on a processor.</summary>
    public int Begin(Call call, int cpu, int data) =>
        Graph.Find(Graph.Contexts.Add(call.Start(Sentinels.Caller(cpu), Sentinels.CallerStack(cpu))), data);

    /// <summary>The node of a call that a handler is about to make.</summary>
    public int BeginInHandler(Call call, int level, int data) =>
        Graph.Find(Graph.Contexts.Add(call.Start(Sentinels.HandlersCall, Sentinels.HandlerStack(level))), data);

    /// <summary>Follows a call that came back.</summary>
    public CallTrace Trace(Call call, int start)
    {
        ulong hash = 14695981039346656037;
        int length = 0, node = start;
        for (int next = Graph.Next(node); next >= 0; (node, next) = (next, Graph.Next(next)))
        {
            hash = (hash ^ Graph.ContextOf(node)[Context.Rip]) * 1099511628211;
            length++;
        }

        return new CallTrace(call, start, node, length, hash);
    }
}
