
namespace PvPatch.Kernel;

/// <summary>Where a kernel keeps the records of one kind: a section of its own, or a range between two symbols.</summary>
/// <param name="Kind">The kind of site the records name.</param>
/// <param name="Section">The section, where the link kept one.</param>
/// <param name="Start">The symbol at the first record.</param>
/// <param name="Stop">The symbol after the last record.</param>
/// <param name="Stride">Bytes from one record to the next.</param>
public sealed record TableSpec(SiteKind Kind, string? Section, string Start, string Stop, int Stride)
{
    /// <summary>The name messages use.</summary>
    public string Name => Section ?? Start;
}
