using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.X86;

namespace PvPatch.Sites;

/// <summary>One reader per kind: table → sites. All of them refuse a record that names no executable text.</summary>
/// <remarks>Layouts: x86-patching facts of Linux 6.1, checked against its BTF by <see cref="Era.Detect"/>.</remarks>
public static class SiteReader
{
    /// <summary>struct paravirt_patch_site: u64 instr, u8 type, u8 len.</summary>
    public static ParavirtSite[] ReadParavirt(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.Paravirt);
        var sites = new ParavirtSite[table.Count];
        for (int i = 0; i < sites.Length; i++)
        {
            int length = table.Byte(i, 9);
            if (length < CallLength) throw table.Malformed(i, $"its length {length} holds no call");
            sites[i] = new ParavirtSite(table.Site(i, table.U64(i, 0), length), table.Byte(i, 8));
        }

        return sites;
    }

    /// <summary>struct alt_instr: s32 site, s32 replacement, u16 feature, u8 length, u8 replacement length.</summary>
    public static AlternativeSite[] ReadAlternatives(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.Alternative);
        var sites = new AlternativeSite[table.Count];
        for (int i = 0; i < sites.Length; i++)
        {
            ushort cpuid = table.U16(i, 8);
            var feature = new FeatureTest((ushort)(cpuid & ~FeatureTest.InvertFlag), (cpuid & FeatureTest.InvertFlag) != 0);
            (int length, int replacementLength) = (table.Byte(i, 10), table.Byte(i, 11));
            ulong replacement = table.Relative32(i, 4);
            if (feature.Number >= image.Era.CapabilityWords * 32) throw table.Malformed(i, $"its feature {feature.Number} does not exist");
            if (length == byte.MaxValue) throw table.Malformed(i, "its length is above the kernel's limit of 254");
            if (replacementLength > length)
                throw table.Malformed(i, $"its replacement of {replacementLength} bytes does not fit its {length}");
            if (replacementLength != 0) table.Site(i, replacement, replacementLength);
            sites[i] = new AlternativeSite(
                table.Site(i, table.Relative32(i, 0), length), replacement, replacementLength, feature);
        }

        return sites;
    }

    /// <summary>.retpoline_sites: s32 distances to calls, jumps and conditional jumps.</summary>
    public static Site[] ReadRetpolines(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.Retpoline);
        var sites = new Site[table.Count];
        for (int i = 0; i < sites.Length; i++)
        {
            Site five = table.Site(i, table.Relative32(i, 0), CallLength);
            sites[i] = five with { Length = BranchSlot.RetpolineLength(CodeAt(image, five.Address)) };
        }

        return sites;
    }

    /// <summary>.return_sites: s32 distances to 5-byte slots.</summary>
    public static Site[] ReadReturns(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.Return);
        var sites = new Site[table.Count];
        for (int i = 0; i < sites.Length; i++) sites[i] = table.Site(i, table.Relative32(i, 0), CallLength);
        return sites;
    }

    /// <summary>.smp_locks: s32 distances to lock prefixes; a zero entry names nothing.</summary>
    public static Site[] ReadLocks(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.Lock);
        var sites = new List<Site>(table.Count);
        for (int i = 0; i < table.Count; i++)
            if (table.Relative32(i, 0) is var address && address != table.AddressOf(i)) sites.Add(table.Site(i, address, 1));
        return [.. sites];
    }

    /// <summary>__mcount_loc: addresses of calls to __fentry__; zero where the link dropped the function.</summary>
    public static Site[] ReadFtrace(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.Ftrace);
        var sites = new List<Site>(table.Count);
        for (int i = 0; i < table.Count; i++)
            if (table.U64(i, 0) is var address and not 0) sites.Add(table.Site(i, address, CallLength));
        return [.. sites];
    }

    /// <summary>struct jump_entry: s32 code, s32 target, s64 key with two flag bits.</summary>
    public static JumpLabelSite[] ReadJumpLabels(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.JumpLabel);
        var sites = new JumpLabelSite[table.Count];
        for (int i = 0; i < sites.Length; i++)
        {
            Site two = table.Site(i, table.Relative32(i, 0), 2);
            ulong key = table.U64(i, 8);
            int length = BranchSlot.JumpLabelLength(CodeAt(image, two.Address));
            if (length == 0) length = two.Length; // neither a jump nor a NOP: verify says so, and a plan refuses it
            ulong target = table.Relative32(i, 4);
            if (image.FindText(target) is null) throw table.Malformed(i, $"its target 0x{target:x} is not in executable text");
            sites[i] = new JumpLabelSite(
                table.Site(i, two.Address, length), target, table.AddressOf(i) + 8 + (key & ~3ul), (key & 1) != 0);
        }

        return sites;
    }

    /// <summary>struct static_call_site: s32 site, s32 key with two flag bits; then every trampoline by symbol.</summary>
    public static StaticCallSite[] ReadStaticCalls(KernelImage image)
    {
        var table = new RecordTable(image, SiteKind.StaticCall);
        var sites = new List<StaticCallSite>(table.Count);
        for (int i = 0; i < table.Count; i++)
        {
            Site five = table.Site(i, table.Relative32(i, 0), CallLength);
            ulong key = table.Relative32(i, 4);
            bool conditional = BranchSlot.IsConditionalJump(CodeAt(image, five.Address));
            sites.Add(new StaticCallSite(
                conditional ? table.Site(i, five.Address, 6) : five, key & ~3ul, (key & 1) != 0, Trampoline: false));
        }

        AddTrampolines(image, sites);
        return [.. sites];
    }

    private const int CallLength = 5;

    private static ReadOnlySpan<byte> CodeAt(KernelImage image, ulong address)
    {
        ElfSection section = image.FindText(address)!;
        ReadOnlySpan<byte> rest = image.Elf.GetContents(section)[(int)(address - section.Address)..];
        return rest[..Math.Min(rest.Length, 16)];
    }

    private static void AddTrampolines(KernelImage image, List<StaticCallSite> sites)
    {
        ElfSymbolTable symbols = image.Symbols;
        for (int i = 0; i < symbols.Count; i++)
        {
            ElfSymbol symbol = symbols[i];
            if (!symbol.IsPlace || !symbols.NameStartsWith(symbol, "__SCT__"u8)) continue;
            string name = symbols.GetName(symbol);
            if (!symbols.TryFindAddress(string.Concat("__SCK__", name.AsSpan(7)), out ulong key)) continue;
            if (image.FindText(symbol.Address) is not { } section || section.Size - (symbol.Address - section.Address) < 8)
                throw new MalformedImageException($"symbol {name}", $"0x{symbol.Address:x} is not in executable text");
            sites.Add(new StaticCallSite(
                new Site(symbol.Address, CallLength, SiteKind.StaticCall, symbol.Address), key, Tail: true, Trampoline: true));
        }
    }
}
