namespace PvPatch.Platforms;

/// <summary>What the passes need to know of a machine: feature and bug bits, CPUs, and what the mitigations chose.</summary>
/// <remarks>Everything is by name, so that a profile serves another build of the kernel and survives KASLR.</remarks>
public sealed record CpuProfile
{
    /// <summary>What to call it in messages.</summary>
    public required string Name { get; init; }

    /// <summary>Where it was learned: a dump, a capture, by hand.</summary>
    public required string Source { get; init; }

    /// <summary>The build-id of the kernel it was taken from, or null.</summary>
    public string? BuildId { get; init; }

    /// <summary>The platform; <c>native</c> for a bare machine.</summary>
    public string Platform { get; init; } = "native";

    /// <summary>CPUs present at boot.</summary>
    public int Cpus { get; init; } = 2;

    /// <summary>Whether the kernel dropped its lock prefixes: with one CPU, unless the command line forbade it.</summary>
    public bool Uniprocessor { get; init; }

    /// <summary>Set feature bits by name, X86_FEATURE_* (or <c>word*32+bit</c>).</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>Set bug bits by name, X86_BUG_*.</summary>
    public IReadOnlyList<string> Bugs { get; init; } = [];

    /// <summary>The chosen return thunk's symbol, or null for the image's own initial one.</summary>
    public string? ReturnThunk { get; init; }

    /// <summary>Ops whose function is not the image's initial one: name → function.</summary>
    public IReadOnlyDictionary<string, string> Ops { get; init; } = EmptyText;

    /// <summary>Static keys as that memory had them: place of the key → its count (static_key.enabled).</summary>
    public IReadOnlyDictionary<string, int> StaticKeys { get; init; } = EmptyNumbers;

    /// <summary>Static calls as that memory had them: place of the key → function, empty for NULL.</summary>
    public IReadOnlyDictionary<string, string> StaticCalls { get; init; } = EmptyText;

    /// <summary>Of those, the ones emptied after the mitigations were chosen: their returns go through the thunk.</summary>
    public IReadOnlyList<string> LateStaticCalls { get; init; } = [];

    /// <summary>What the source could not tell.</summary>
    public IReadOnlyList<UnknownFact> Unknown { get; init; } = [];

    private static readonly Dictionary<string, string> EmptyText = [];
    private static readonly Dictionary<string, int> EmptyNumbers = [];
}
