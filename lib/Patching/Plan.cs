using System.Buffers;
using System.Runtime.InteropServices;
using PvPatch.Kernel;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>All patches for a target, in the kernel's order, and the text they leave.</summary>
public sealed class Plan
{
    private readonly List<Patch> patches = [];
    private readonly ArrayBufferWriter<byte> bytes = new(1 << 20);
    private readonly HashSet<SiteKind> kinds;

    private Plan(KernelImage image, SiteTable sites, Target target, IEnumerable<SiteKind> wanted)
    {
        (Sites, Target) = (sites, target);
        kinds = [.. wanted];
        Text = new TextView(image);
        foreach (TableSpec table in image.Era.Tables)
            if (kinds.Contains(table.Kind)) Apply(table.Kind);
    }

    /// <summary>The sites the plan was made from.</summary>
    public SiteTable Sites { get; }

    /// <summary>The target it was made for.</summary>
    public Target Target { get; }

    /// <summary>The text after all patches.</summary>
    public TextView Text { get; }

    /// <summary>The patches that change something, in the order in which the kernel makes them.</summary>
    public IReadOnlyList<Patch> Patches => patches;

    /// <summary>Runs every pass of the image's era, or only those of some kinds.</summary>
    /// <exception cref="MalformedImageException">A site cannot be patched as its record says.</exception>
    public static Plan Make(KernelImage image, SiteTable sites, Target target, IEnumerable<SiteKind>? kinds = null) =>
        new(image, sites, target, kinds ?? SiteKindNames.All);

    /// <summary>What stood at a patch's place before it.</summary>
    public ReadOnlySpan<byte> OldBytes(in Patch patch) => bytes.WrittenSpan.Slice(patch.BytesAt, patch.Site.Length);

    /// <summary>What the patch writes.</summary>
    public ReadOnlySpan<byte> NewBytes(in Patch patch) =>
        bytes.WrittenSpan.Slice(patch.BytesAt + patch.Site.Length, patch.Site.Length);

    private void Apply(SiteKind kind)
    {
        Span<byte> output = stackalloc byte[byte.MaxValue];
        switch (kind)
        {
            case SiteKind.Paravirt:
                foreach (ref readonly ParavirtSite site in Sites.Paravirt.AsSpan())
                    Record(site.Site, ParavirtPass.Compute(site, Target, output), output);
                break;
            case SiteKind.Alternative:
                foreach (ref readonly AlternativeSite site in Sites.Alternatives.AsSpan())
                {
                    ReadOnlySpan<byte> replacement = Text.At(site.Replacement, site.ReplacementLength);
                    Record(site.Site, AlternativePass.Compute(site, Target, At(site.Site), replacement, output), output);
                }

                break;
            case SiteKind.Retpoline:
                foreach (ref readonly Site site in Sites.Retpolines.AsSpan())
                    Record(site, RetpolinePass.Compute(site, Target, At(site), output), output);
                break;
            case SiteKind.Return:
                foreach (ref readonly Site site in Sites.Returns.AsSpan())
                    Record(site, ReturnPass.Compute(site, Target, Text.At(site.Address, site.Length + 3), output), output);
                break;
            case SiteKind.Lock:
                foreach (ref readonly Site site in Sites.Locks.AsSpan())
                    Record(site, LockPass.Compute(site, Target, At(site), output), output);
                break;
            case SiteKind.Ftrace:
                foreach (ref readonly Site site in Sites.Ftrace.AsSpan())
                    Record(site, FtracePass.Compute(site, Target, At(site), output), output);
                break;
            case SiteKind.JumpLabel:
                foreach (ref readonly JumpLabelSite site in Sites.JumpLabels.AsSpan())
                {
                    if (BranchSlot.JumpLabelLength(At(site.Site)) == 0)
                        throw new MalformedImageException(
                            $"jump label 0x{site.Site.Address:x}", "it holds neither a jump nor a NOP, where the kernel would BUG");
                    Record(site.Site, JumpLabelPass.Compute(site, Target, !IsCore(site.Site), output), output);
                }

                break;
            case SiteKind.StaticCall:
                foreach (ref readonly StaticCallSite site in Sites.StaticCalls.AsSpan())
                    Record(site.Site, StaticCallPass.Compute(site, Target, !IsCore(site.Site), At(site.Site), output), output);
                break;
        }
    }

    private ReadOnlySpan<byte> At(in Site site) => Text.At(site.Address, site.Length);

    private bool IsCore(in Site site) => Target.Places.IsCoreText(site.Address);

    private void Record(in Site site, PatchReason reason, ReadOnlySpan<byte> output)
    {
        if (reason == PatchReason.None) return;
        ReadOnlySpan<byte> old = At(site);
        ReadOnlySpan<byte> fresh = output[..site.Length];
        if (old.SequenceEqual(fresh)) return;
        patches.Add(new Patch(site, reason, bytes.WrittenCount));
        bytes.Write(old);
        bytes.Write(fresh);
        Text.Write(site.Address, fresh);
    }
}
