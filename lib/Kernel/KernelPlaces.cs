namespace PvPatch.Kernel;

/// <summary>The functions and objects that the passes write into text or test for, by the kernel's names.</summary>
/// <remarks>Zero where the image has no such symbol; a pass that needs one says so by <see cref="Require"/>.</remarks>
public sealed class KernelPlaces
{
    /// <summary>Looks the symbols up.</summary>
    public KernelPlaces(KernelImage image)
    {
        PvOps = Find("pv_ops");
        ParavirtNop = Find("_paravirt_nop");
        ParavirtBug = Find("paravirt_BUG");
        IndirectThunks = Find("__x86_indirect_thunk_array");
        ItsThunks = Find("__x86_indirect_its_thunk_array");
        ItsReturnThunk = Find("its_return_thunk");
        DefaultReturnThunk = Find("__x86_return_thunk");
        ReturnThunkVariable = Find("x86_return_thunk");
        StaticCallReturnZero = Find("__static_call_return0");
        StaticCallReturn = Find("__static_call_return");
        Fentry = Find("__fentry__");
        Text = Find("_text");
        TextEnd = Find("_etext");

        ulong Find(string name) => image.Symbols.TryFindAddress(name, out ulong address) ? address : 0;
    }

    /// <summary>pv_ops: pointers to the functions of the running platform.</summary>
    public ulong PvOps { get; }

    /// <summary>_paravirt_nop: an op that is nothing at all.</summary>
    public ulong ParavirtNop { get; }

    /// <summary>paravirt_BUG: what a site without an op calls.</summary>
    public ulong ParavirtBug { get; }

    /// <summary>__x86_indirect_thunk_array: 16 thunks of 32 bytes, by register number.</summary>
    public ulong IndirectThunks { get; }

    /// <summary>__x86_indirect_its_thunk_array: thunks of 64 bytes.</summary>
    public ulong ItsThunks { get; }

    /// <summary>its_return_thunk.</summary>
    public ulong ItsReturnThunk { get; }

    /// <summary>__x86_return_thunk: what the compiler emits.</summary>
    public ulong DefaultReturnThunk { get; }

    /// <summary>x86_return_thunk: the variable that holds the chosen one.</summary>
    public ulong ReturnThunkVariable { get; }

    /// <summary>__static_call_return0.</summary>
    public ulong StaticCallReturnZero { get; }

    /// <summary>__static_call_return.</summary>
    public ulong StaticCallReturn { get; }

    /// <summary>__fentry__.</summary>
    public ulong Fentry { get; }

    /// <summary>_text.</summary>
    public ulong Text { get; }

    /// <summary>_etext.</summary>
    public ulong TextEnd { get; }

    /// <summary>Whether an address is core text (_text to _etext): init text is gone after boot, exit text never runs.</summary>
    public bool IsCoreText(ulong address) => address >= Text && address < TextEnd;

    /// <summary>Insists on a symbol because sites depend on it.</summary>
    /// <exception cref="MalformedImageException">The image does not have it.</exception>
    public static ulong Require(ulong address, string symbol, string sites) => address != 0
        ? address
        : throw new MalformedImageException($"symbol {symbol}", $"the image has none, and its {sites} sites cannot be understood without it");
}
