namespace PvPatch.Ace.Exercise.Native;

/// <summary>What the emulator's hooks saw during one instruction; native memory, because they run on its side.</summary>
internal unsafe struct StepLog
{
    /// <summary>Stores that fit; no instruction that is let through makes more.</summary>
    public const int Capacity = 16;

    /// <summary>Stores made, also those that did not fit.</summary>
    public int Count;

    /// <summary>The access that failed, as uc_mem_type; 0 for none.</summary>
    public int FaultType;

    /// <summary>Where it failed.</summary>
    public ulong FaultAddress;

    /// <summary>Addresses of stores.</summary>
    public fixed ulong Addresses[Capacity];

    /// <summary>Their values.</summary>
    public fixed ulong Values[Capacity];

    /// <summary>Their sizes.</summary>
    public fixed int Sizes[Capacity];
}
