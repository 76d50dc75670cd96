using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PvPatch.Ace.Exercise.Native;

/// <summary>The two callbacks: one for each store, one for an access that cannot be made.</summary>
internal static unsafe class StepHooks
{
    /// <summary>UC_HOOK_MEM_WRITE.</summary>
    public const int WriteType = 1 << 11;

    /// <summary>UC_HOOK_MEM_INVALID: unmapped or without the right, six kinds.</summary>
    public const int InvalidType = 0x3f << 4;

    /// <summary>Notes a store.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void OnWrite(nint engine, int type, ulong address, int size, long value, StepLog* log)
    {
        int at = log->Count++;
        if (at >= StepLog.Capacity) return;
        (log->Addresses[at], log->Values[at], log->Sizes[at]) = (address, (ulong)value, size);
    }

    /// <summary>Notes a failed access, and has the emulator stop there.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static byte OnInvalid(nint engine, int type, ulong address, int size, long value, StepLog* log)
    {
        (log->FaultType, log->FaultAddress) = (type, address);
        return 0;
    }
}
