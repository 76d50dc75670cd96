namespace PvPatch.Kernel;

/// <summary>The kinds of places a kernel patches, in the order in which a byte is counted to one of them.</summary>
public enum SiteKind : byte
{
    /// <summary><c>.parainstructions</c>: an indirect call through pv_ops.</summary>
    Paravirt,

    /// <summary><c>.altinstructions</c>: instructions chosen by CPU feature.</summary>
    Alternative,

    /// <summary><c>.retpoline_sites</c>: a call or jump to an indirect thunk.</summary>
    Retpoline,

    /// <summary><c>.return_sites</c>: a jump to the return thunk.</summary>
    Return,

    /// <summary><c>.smp_locks</c>: a lock prefix.</summary>
    Lock,

    /// <summary><c>__mcount_loc</c>: a function's call to __fentry__.</summary>
    Ftrace,

    /// <summary><c>__jump_table</c>: a branch on a static key.</summary>
    JumpLabel,

    /// <summary><c>.static_call_sites</c> and the trampolines <c>__SCT__*</c>.</summary>
    StaticCall,
}
