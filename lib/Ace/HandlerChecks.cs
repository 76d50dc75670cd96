using Iced.Intel;
using PvPatch.Checking;
using PvPatch.Elf;

namespace PvPatch.Ace;

/// <summary>The kernel side: every interrupt entry lets the area finish first.</summary>
internal static class HandlerChecks
{
    /// <summary>Checks the entries of an image that has an area.</summary>
    public static HandlerResult Check(AceImage image, AceArea area, IReadOnlyList<AceGraph> graphs)
    {
        if (area.End == area.Start || !image.Elf.Symbols.TryFindAddress("__ace_start", out _)) return new HandlerResult(0, []);
        var findings = new List<Finding>();
        var changing = new List<string>();
        (string Name, ulong Address)[] entries = [.. Entries(image.Elf.Symbols).OrderBy(e => e.Address)];
        foreach ((string name, ulong address) in entries)
        {
            (IReadOnlyList<Finding> found, bool changesFlags) = HandlerPaths.Follow(image, area, (name, address, PushedBefore(image, address)));
            findings.AddRange(found);
            if (changesFlags) changing.Add(name);
        }

        if (changing.Count != 0)
            foreach (AceGraph graph in graphs)
                if (LiveFlags(graph) is { } at)
                    findings.Add(new Finding(AceRules.LiveFlags, at, $"{changing[0]} resumes it here with the flags of its own test"));
        return new HandlerResult(entries.Length, findings);
    }

    private static IEnumerable<(string Name, ulong Address)> Entries(ElfSymbolTable symbols)
    {
        var seen = new HashSet<ulong>();
        for (int i = 0; i < symbols.Count; i++)
        {
            ElfSymbol symbol = symbols[i];
            if (symbol is not { Type: ElfSymbol.Function, IsPlace: true } || !symbols.NameStartsWith(symbol, "asm_"u8)) continue;
            string name = symbols.GetName(symbol);
            bool interrupt = name.EndsWith("_interrupt", StringComparison.Ordinal) || name.StartsWith("asm_sysvec_", StringComparison.Ordinal);
            if (interrupt && seen.Add(symbol.Address)) yield return (name, symbol.Address);
        }
    }

    // The kernel's irq_entries_start is a row of `push $vector; jmp asm_common_interrupt`, two bytes and a jump each.
    private static ulong PushedBefore(AceImage image, ulong entry)
    {
        if (!image.Elf.Symbols.TryFindAddress("irq_entries_start", out ulong stub)) return 0;
        if (!image.TrySlice(stub, 16, out ReadOnlySpan<byte> bytes)) return 0;
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(bytes.ToArray()), DecoderOptions.None);
        decoder.IP = stub;
        Instruction first = decoder.Decode();
        if (first.Mnemonic == Mnemonic.Endbr64) first = decoder.Decode();
        Instruction second = decoder.Decode();
        return first.Mnemonic == Mnemonic.Push && second.Op0Kind == OpKind.NearBranch64 && second.NearBranch64 == entry ? 8ul : 0;
    }

    private static ulong? LiveFlags(AceGraph graph)
    {
        int[] live = AceLiveness.Before(graph);
        for (int i = 0; i < live.Length; i++)
            if ((live[i] & AceLiveness.Flags) != 0) return graph.Nodes[i].IP;
        return null;
    }
}
