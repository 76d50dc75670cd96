namespace PvPatch.Tests.Tools;

/// <summary>A relocation as readelf -rW shows it.</summary>
internal sealed record ReadelfRelocation(
    ulong Offset, ulong Info, string Symbol, long Addend);
