using System.Buffers.Binary;
using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Checking;

/// <summary>Whether a site's bytes are any that the compiler or a pass of the kernel leaves.</summary>
/// <remarks>An alternative's original stands in no table: alternatives are judged beside the original image only.</remarks>
internal static class SiteStates
{
    /// <summary>Judges every site but those over which an alternative's replacement stands.</summary>
    public static IEnumerable<Finding> Check(KernelImage image, SiteTable sites, AlternativeStates alternatives)
    {
        var places = new KernelPlaces(image);
        var findings = new List<Finding>();
        foreach (ParavirtSite site in sites.Paravirt) Judge(site.Site, IsParavirt(At(site.Site), site, places, image));
        foreach (Site site in sites.Retpolines) Judge(site, IsRetpoline(At(site), site.Address, places));
        foreach (Site site in sites.Locks) Judge(site, At(site)[0] is 0xf0 or 0x3e);
        foreach (Site site in sites.Ftrace)
            Judge(site, IsNop(At(site)) || (At(site)[0] == Branch.Call && Branch.Target(At(site), site.Address) == places.Fentry));
        var thunks = new Dictionary<ulong, bool>(); // 48,000 returns, and a handful of thunks to look up
        foreach (Site site in sites.Returns) Judge(site, IsReturn(At(site), site.Address, image, thunks));
        foreach (JumpLabelSite site in sites.JumpLabels) Judge(site.Site, IsJumpLabel(At(site.Site), site));
        foreach (StaticCallSite site in sites.StaticCalls) Judge(site.Site, IsStaticCall(At(site.Site), site, image));
        return findings;

        ReadOnlySpan<byte> At(in Site site) => image.Memory.Slice(site.Address, (ulong)site.Length, "site");

        void Judge(in Site site, bool legal)
        {
            if (legal || alternatives.IsReplaced(site.Address)) return;
            findings.Add(new Finding(VerifyRules.IllegalState, site.Address,
                $"{site.Kind.Text()} site holds {Convert.ToHexStringLower(At(site))}"));
        }
    }

    // apply_paravirt, 6.1: the indirect call the compiler left, or a direct one and NOPs, or NOPs alone.
    private static bool IsParavirt(ReadOnlySpan<byte> code, in ParavirtSite site, KernelPlaces places, KernelImage image)
    {
        const int indirectLength = 6; // ff 15, distance from the next instruction
        if (code.Length >= indirectLength && code[0] == 0xff && code[1] == 0x15
            && site.Site.Address + indirectLength + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(code[2..]) == places.PvOps + ((ulong)site.Op * 8))
            return IsFill(code[indirectLength..]);
        if (code[0] == Branch.Call && IsEntry(image, Branch.Target(code, site.Site.Address))) return IsFill(code[Branch.Length..]);
        return IsFill(code);
    }

    // patch_retpoline, 6.1: the branch to a thunk, or jcc over it, lfence, the branch itself, int3 behind a jump, NOPs.
    private static bool IsRetpoline(ReadOnlySpan<byte> code, ulong address, KernelPlaces places)
    {
        int prefix = code.Length == Branch.Length ? 0 : 1;
        bool conditional = BranchSlot.IsConditionalJump(code);
        if (conditional || code[0] == 0x2e || (prefix == 0 && code[0] is Branch.Call or Branch.Jump))
        {
            if (!conditional && code[prefix] is not (Branch.Call or Branch.Jump)) return false;
            ulong target = Branch.Target(code[prefix..], address + (ulong)prefix);
            return IsThunk(target, places.IndirectThunks, 32) || IsThunk(target, places.ItsThunks, 64);
        }

        int at = 0;
        if ((code[0] & 0xf0) == 0x70)
        {
            if (code[1] != code.Length - 2) return false;
            at = 2;
        }

        if (code[at..].StartsWith((ReadOnlySpan<byte>)[0x0f, 0xae, 0xe8])) at += 3;
        bool high = at < code.Length && code[at] == 0x41; // r8 to r15
        if (high) at++;
        if (at + 2 > code.Length || code[at] != 0xff || (code[at + 1] & 0xf8) is not (0xd0 or 0xe0)) return false;
        if (!high && (code[at + 1] & 7) == 4) return false; // %rsp: the kernel would BUG
        bool jump = (code[at + 1] & 0xf8) == 0xe0;
        at += 2;
        if (jump && at < code.Length && code[at++] != Branch.Int3) return false;
        return IsFill(code[at..]);
    }

    private static bool IsThunk(ulong target, ulong thunks, ulong size) =>
        thunks != 0 && target >= thunks && (target - thunks) % size == 0 && (target - thunks) / size is < 16 and not 4;

    private static bool IsFill(ReadOnlySpan<byte> code)
    {
        Span<byte> fill = stackalloc byte[code.Length];
        Nops.Fill(fill);
        return code.SequenceEqual(fill);
    }

    private static bool IsEntry(KernelImage image, ulong address) =>
        image.FindText(address) is not null && image.Symbols.IsEntryAt(address);

    private static bool IsNop(ReadOnlySpan<byte> code) => code.SequenceEqual(Nops.Of(code.Length));

    // A jump to a thunk has a name at its target: which thunk, only the running kernel knows.
    private static bool IsReturn(ReadOnlySpan<byte> code, ulong address, KernelImage image, Dictionary<ulong, bool> thunks) =>
        (code[0] == Branch.Return && code[1..].IndexOfAnyExcept(Branch.Int3) < 0)
        || (code[0] == Branch.Jump && IsReturnThunk(Branch.Target(code, address), image, thunks));

    private static bool IsReturnThunk(ulong address, KernelImage image, Dictionary<ulong, bool> thunks)
    {
        if (!thunks.TryGetValue(address, out bool known))
            thunks[address] = known = IsEntry(image, address)
                && image.Symbols.Describe(address).EndsWith("return_thunk", StringComparison.Ordinal);
        return known;
    }

    private static bool IsJumpLabel(ReadOnlySpan<byte> code, in JumpLabelSite site)
    {
        if (IsNop(code)) return true;
        if (code[0] != (code.Length == Branch.Length ? Branch.Jump : Branch.ShortJump)) return false;
        ulong target = code.Length == Branch.Length
            ? Branch.Target(code, site.Site.Address)
            : site.Site.End + (ulong)(sbyte)code[1];
        return target == site.Target;
    }

    private static bool IsStaticCall(ReadOnlySpan<byte> code, in StaticCallSite site, KernelImage image)
    {
        if (code.Length == 6) return IsEntry(image, Branch.Target(code[1..], site.Site.Address + 1));
        if (code[0] == (site.Tail ? Branch.Jump : Branch.Call))
            return IsEntry(image, Branch.Target(code, site.Site.Address));
        return site.Tail
            ? code[0] == Branch.Return && code[1..].IndexOfAnyExcept(Branch.Int3) < 0
            : IsNop(code) || code.SequenceEqual((ReadOnlySpan<byte>)[0x2e, 0x2e, 0x2e, 0x31, 0xc0]);
    }
}
