namespace PvPatch.Kernel;

/// <summary>A structure as BTF describes it.</summary>
/// <param name="Name">Its tag; empty for an anonymous one.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Members">In order of declaration.</param>
public sealed record BtfStruct(string Name, uint Size, IReadOnlyList<BtfMember> Members);
