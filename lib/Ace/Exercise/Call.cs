using System.Globalization;

namespace PvPatch.Ace.Exercise;

/// <summary>A call of an entry.</summary>
/// <param name="Entry">Which.</param>
/// <param name="Target">Where the caller jumps to: the entry, or its slot of the jump table.</param>
/// <param name="Arguments">Values of the argument registers it reads, by register.</param>
internal sealed record Call(AceEntry Entry, ulong Target, IReadOnlyList<(int Register, ulong Value)> Arguments)
{
    /// <summary>The processor when it jumps: registers that carry no argument hold rubbish that points nowhere.</summary>
    public Context Start(ulong comeBack, ulong stack)
    {
        var context = default(Context);
        for (int i = 0; i < Context.Rip; i++) context[i] = 0xdead_beef_0000_0000 | ((ulong)i << 8) | 0x5a;
        foreach ((int register, ulong value) in Arguments) context[register] = value;
        context[Context.R11] = comeBack;
        context[Context.Rsp] = stack;
        context[Context.Rip] = Target;
        return context;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Entry.Name}({string.Join(", ", Arguments.Select(a => Show(a.Value)))})";

    private static string Show(ulong value) =>
        (long)value is > -65536 and < 65536 ? ((long)value).ToString(CultureInfo.InvariantCulture) : $"0x{value:x}";
}
