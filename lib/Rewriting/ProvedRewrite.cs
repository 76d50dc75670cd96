using PvPatch.Checking;
using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Sites;

namespace PvPatch.Rewriting;

/// <summary>A plan written onto an ELF file, which gets its name only if the result proves sound.</summary>
/// <param name="Plan">What was written.</param>
/// <param name="Findings">Why it was not kept; empty where it was.</param>
public sealed record ProvedRewrite(Plan Plan, IReadOnlyList<Finding> Findings)
{
    /// <summary>Makes a plan, writes it into a copy of the image, verifies the copy, and names it.</summary>
    /// <param name="image">The original, read from a file.</param>
    /// <param name="sites">Its sites.</param>
    /// <param name="makePlan">Makes the plan while the file is being copied.</param>
    /// <param name="path">Where the result goes.</param>
    /// <exception cref="MalformedImageException">The plan cannot be made.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static ProvedRewrite Write(KernelImage image, SiteTable sites, Func<Plan> makePlan, string path)
    {
        Task<OutputFile> copying = Task.Run(() => OutputFile.CopyOf(image.Elf.Source.Name, path));
        Plan plan;
        try
        {
            plan = makePlan();
        }
        catch
        {
            Settle(copying);
            if (copying.IsCompletedSuccessfully) copying.Result.Dispose();
            throw;
        }

        using OutputFile output = copying.GetAwaiter().GetResult();
        try
        {
            WriteText(image, plan, output);
            List<Finding> findings = Prove(image, sites, output);
            if (findings.Count == 0) output.Commit();
            return new ProvedRewrite(plan, findings);
        }
        catch (IOException)
        {
            output.ThrowIfAbandoned();
            throw;
        }
    }

    private static void WriteText(KernelImage image, Plan plan, OutputFile output)
    {
        using FileStream stream = output.Open();
        for (int i = 0; i < plan.Text.Sections.Count; i++)
        {
            ElfSection section = plan.Text.Sections[i];
            ReadOnlySpan<byte> text = plan.Text.GetContents(i);
            if (text.SequenceEqual(image.Elf.GetContents(section))) continue;
            stream.Position = (long)section.Offset;
            stream.Write(text);
        }
    }

    // The disk takes the bytes while they are read back and checked.
    private static List<Finding> Prove(KernelImage image, SiteTable sites, OutputFile output)
    {
        using KernelImage written = KernelImage.Open(output.TemporaryPath);
        Task syncing = Task.Run(output.Sync);
        Task<IReadOnlyList<Finding>> comparing = Task.Run(() => FileComparer.Compare(written, image, sites));
        IReadOnlyList<Finding> found;
        try
        {
            found = ImageVerifier.Verify(written, SiteTable.Read(written));
        }
        catch (MalformedImageException error)
        {
            throw new MalformedImageException("the rewritten image, which is not kept", error.Message);
        }
        finally
        {
            Settle(Task.WhenAll(syncing, comparing));
        }

        syncing.GetAwaiter().GetResult();
        return [.. found, .. comparing.GetAwaiter().GetResult()];
    }

    // Waits without throwing: nobody may still use a file that is about to go.
    private static void Settle(Task task) => task.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
}
