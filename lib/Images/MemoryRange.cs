namespace PvPatch.Images;

/// <summary>A run of memory that a dump holds.</summary>
/// <param name="Start">Its first address, physical or virtual as the dump says.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Offset">Where they stand in the file.</param>
public readonly record struct MemoryRange(ulong Start, ulong Length, ulong Offset);
