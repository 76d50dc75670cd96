namespace PvPatch.Kernel;

/// <summary>One member of a structure.</summary>
/// <param name="Name">Empty for an anonymous structure or union.</param>
/// <param name="Type">BTF type id.</param>
/// <param name="Offset">Bytes from the start of the structure.</param>
public sealed record BtfMember(string Name, uint Type, uint Offset);
