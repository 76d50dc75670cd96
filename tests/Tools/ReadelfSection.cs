namespace PvPatch.Tests.Tools;

/// <summary>A section as readelf -SW shows it.</summary>
internal sealed record ReadelfSection(
    int Index, string Name, uint Type, ulong Flags, ulong Address, ulong Offset, ulong Size, ulong EntrySize, uint Link, uint Info);
