namespace PvPatch.Patching;

/// <summary>Why a pass writes what it writes.</summary>
public enum PatchReason : byte
{
    /// <summary>The pass leaves the site alone.</summary>
    None,

    /// <summary>The op has a function: call it directly.</summary>
    DirectCall,

    /// <summary>The op is _paravirt_nop: nothing is left.</summary>
    EmptyOp,

    /// <summary>The op has no function: paravirt_BUG.</summary>
    MissingOp,

    /// <summary>The alternative's feature test holds: its replacement.</summary>
    Replacement,

    /// <summary>The test fails; padding is optimised all the same.</summary>
    PaddingOptimised,

    /// <summary>No retpolines: branch through the register.</summary>
    IndirectBranch,

    /// <summary>Retpolines by lfence: lfence and the branch.</summary>
    FencedBranch,

    /// <summary>Branch in the lower half of a cache line: ITS thunk.</summary>
    ItsThunk,

    /// <summary>No return thunk: ret.</summary>
    PlainReturn,

    /// <summary>The chosen return thunk.</summary>
    ReturnThunk,

    /// <summary>One CPU: the lock prefix becomes a DS prefix.</summary>
    LockDropped,

    /// <summary>Tracing is off: a NOP.</summary>
    TracingOff,

    /// <summary>The static call's function, called or jumped to directly.</summary>
    StaticCallTarget,

    /// <summary>The static call's function is NULL: nothing, or a return.</summary>
    StaticCallEmpty,

    /// <summary>The static call returns zero: xor.</summary>
    StaticCallZero,

    /// <summary>The static key makes the branch taken.</summary>
    BranchTaken,

    /// <summary>The static key makes the branch a NOP.</summary>
    BranchNotTaken,
}
