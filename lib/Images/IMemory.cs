namespace PvPatch.Images;

/// <summary>Bytes by virtual address: a file's segments, or a running kernel's memory.</summary>
public interface IMemory
{
    /// <summary>Copies bytes, all or none.</summary>
    /// <returns>False where any of them is not there.</returns>
    bool TryRead(ulong address, Span<byte> destination);
}
