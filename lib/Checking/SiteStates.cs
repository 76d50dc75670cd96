using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Checking;

/// <summary>Whether a site's bytes are any that the compiler or a pass of the kernel leaves.</summary>
/// <remarks>Paravirt and alternative sites have no closed list of states in an image alone and are not judged here.</remarks>
internal static class SiteStates
{
    /// <summary>Judges every site that no alternative covers.</summary>
    public static IEnumerable<Finding> Check(KernelImage image, SiteTable sites)
    {
        var places = new KernelPlaces(image);
        var findings = new List<Finding>();
        foreach (Site site in sites.Locks) Judge(site, At(site)[0] is 0xf0 or 0x3e);
        foreach (Site site in sites.Ftrace)
            Judge(site, IsNop(At(site)) || (At(site)[0] == Branch.Call && Branch.Target(At(site), site.Address) == places.Fentry));
        foreach (Site site in sites.Returns) Judge(site, IsReturn(At(site), site.Address, image));
        foreach (JumpLabelSite site in sites.JumpLabels) Judge(site.Site, IsJumpLabel(At(site.Site), site));
        foreach (StaticCallSite site in sites.StaticCalls) Judge(site.Site, IsStaticCall(At(site.Site), site, image));
        return findings;

        ReadOnlySpan<byte> At(in Site site) => image.Memory.Slice(site.Address, (ulong)site.Length, "site");

        void Judge(in Site site, bool legal)
        {
            if (legal || sites.AlternativesOver(site.Address).Any()) return;
            findings.Add(new Finding(VerifyRules.IllegalState, site.Address,
                $"{site.Kind.Text()} site holds {Convert.ToHexStringLower(At(site))}, which neither the compiler nor the kernel writes"));
        }
    }

    private static bool IsNop(ReadOnlySpan<byte> code) => code.SequenceEqual(Nops.Of(code.Length));

    // A jump to a thunk has a name at its target: which thunk, only the running kernel knows.
    private static bool IsReturn(ReadOnlySpan<byte> code, ulong address, KernelImage image) =>
        (code[0] == Branch.Return && code[1..].IndexOfAnyExcept(Branch.Int3) < 0)
        || (code[0] == Branch.Jump && image.Symbols.IsSymbolAt(Branch.Target(code, address)));

    private static bool IsJumpLabel(ReadOnlySpan<byte> code, in JumpLabelSite site)
    {
        if (IsNop(code)) return true;
        ulong target = code.Length == Branch.Length
            ? Branch.Target(code, site.Site.Address)
            : site.Site.End + (ulong)(sbyte)code[1];
        return target == site.Target;
    }

    private static bool IsStaticCall(ReadOnlySpan<byte> code, in StaticCallSite site, KernelImage image)
    {
        if (code.Length == 6) return image.Symbols.IsSymbolAt(Branch.Target(code[1..], site.Site.Address + 1));
        if (code[0] == (site.Tail ? Branch.Jump : Branch.Call))
            return image.Symbols.IsSymbolAt(Branch.Target(code, site.Site.Address));
        return site.Tail
            ? code[0] == Branch.Return && code[1..].IndexOfAnyExcept(Branch.Int3) < 0
            : IsNop(code) || code.SequenceEqual((ReadOnlySpan<byte>)[0x2e, 0x2e, 0x2e, 0x31, 0xc0]);
    }
}
