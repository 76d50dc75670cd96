namespace PvPatch.Tests.Tools;

/// <summary>A segment as readelf -lW shows it.</summary>
internal sealed record ReadelfSegment(
    uint Type, ulong Offset, ulong Address, ulong Physical, ulong FileSize, ulong MemorySize, uint Flags);
