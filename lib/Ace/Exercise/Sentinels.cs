namespace PvPatch.Ace.Exercise;

/// <summary>Addresses at which nothing is mapped: where calls come back to, and stacks that nobody may touch.</summary>
internal sealed class Sentinels
{
    /// <summary>How far from a stack pointer an access counts as one to the stack.</summary>
    public const ulong StackReach = 0x10_0000;

    private const ulong Span = 0x1000_0000;
    private readonly ulong start;

    /// <summary>Finds a place that neither area nor data is near to.</summary>
    public Sentinels(AceArea area)
    {
        ulong[] places = [0x5000_0000_0000, 0x3000_0000_0000, 0x1000_0000_0000];
        start = Array.Find(places, p => IsFree(p, area.Start, area.End) && IsFree(p, area.DataStart, area.DataEnd));
    }

    /// <summary>Where a call made on a processor comes back to.</summary>
    public ulong Caller(int cpu) => start + 0x1000 + ((ulong)cpu * 0x100);

    /// <summary>Where a handler goes on after a resumed routine; the nested one is level 1.</summary>
    public ulong Handler(int level) => start + 0x2000 + ((ulong)level * 0x100);

    /// <summary>Where a call made by a handler comes back to.</summary>
    public ulong HandlersCall => start + 0x3000;

    /// <summary>A caller's stack pointer.</summary>
    public ulong CallerStack(int cpu) => start + 0x400_0000 + ((ulong)cpu * 0x40_0000);

    /// <summary>A handler's stack pointer: the kernel's.</summary>
    public ulong HandlerStack(int level) => start + 0x800_0000 + ((ulong)level * 0x40_0000);

    private static bool IsFree(ulong place, ulong from, ulong to) => to <= place || from >= place + Span;
}
