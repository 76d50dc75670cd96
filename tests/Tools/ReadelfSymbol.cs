namespace PvPatch.Tests.Tools;

/// <summary>A symbol as readelf -sW shows it.</summary>
internal sealed record ReadelfSymbol(
    int Index, ulong Address, ulong Size, string Type, string Binding, string Section, string Name);
