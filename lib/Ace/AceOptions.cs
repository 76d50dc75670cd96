namespace PvPatch.Ace;

/// <summary>What a user says about the area; what is left out is read from the image.</summary>
public sealed record AceOptions
{
    /// <summary>The area itself.</summary>
    public AddressRange? Area { get; init; }

    /// <summary>The data it may touch.</summary>
    public AddressRange? Data { get; init; }

    /// <summary>The jump table.</summary>
    public AddressRange? Table { get; init; }

    /// <summary>Further entries: symbols or addresses in hex.</summary>
    public IReadOnlyList<string> Entries { get; init; } = [];
}
