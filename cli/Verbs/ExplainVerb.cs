using System.CommandLine;
using PvPatch.Cli.Rendering;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Cli.Verbs;

/// <summary><c>explain</c>: one place: what it is, which records name it, and what a target makes of it.</summary>
internal static class ExplainVerb
{
    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "A kernel: ELF vmlinux." };
        var where = new Argument<string>("WHERE") { Description = "symbol, symbol+0x12 or 0xffffffff81000000." };
        var verb = new Command("explain", "Explain one site: original, the records that name it, and what a target makes of it.") { image, where };
        var target = new TargetOptions(verb);
        var common = new CommonOptions(verb);
        verb.SetAction(result =>
        {
            using LoadedImage loaded = LoadedImage.Open(result.GetRequiredValue(image), common.AllowsEmpty(result));
            string place = result.GetRequiredValue(where);
            if (!PlaceNames.TryResolve(loaded.Image.Symbols, place, out ulong address))
                throw new Failure($"{loaded.Path}: “{place}” is neither a symbol of the image nor an address");
            List<Site> sites = SitesAt(loaded.Sites, address);
            if (sites.Count == 0) throw new Failure($"{loaded.Path}: {place}: no patch site is there{Nearest(loaded, address)}");
            Target resolved = loaded.Resolve(target.Load(result));
            Plan plan = Failure.In(loaded.Path, () => Plan.Make(loaded.Image, loaded.Sites, resolved));
            int code = common.Write(result, report =>
            {
                if (common.Format(result) == OutputFormat.Json) WriteJson(report, loaded, plan, sites);
                else WriteText(report, loaded, plan, sites);
                return ExitCode.Clean;
            });
            common.Remark(result, TargetOptions.Describe(resolved));
            return code;
        });
        return verb;
    }

    /// <summary>The sites over an address, and those that share bytes with them.</summary>
    /// <remarks>Sites in a made-up image may overlap from one end of text to the other; nobody reads more than a page of them.</remarks>
    private static List<Site> SitesAt(SiteTable table, ulong address)
    {
        const ulong mostBytes = 4096;
        var found = new List<Site>();
        (ulong start, ulong end) = (address, address + 1);
        for (int i = table.FirstEndingAfter(address); i < table.All.Count && table.All[i].Address < end; i++)
        {
            if (table.All[i].End <= start) continue;
            if (table.All[i].End - start > mostBytes) break;
            found.Add(table.All[i]);
            (start, end) = (Math.Min(start, table.All[i].Address), Math.Max(end, table.All[i].End));
        }

        return found;
    }

    private static string Nearest(LoadedImage loaded, ulong address)
    {
        int next = loaded.Sites.FirstEndingAfter(address);
        return next < loaded.Sites.All.Count ? $"; the next one is at {loaded.Image.Symbols.Describe(loaded.Sites.All[next].Address)}" : string.Empty;
    }

    private static void WriteText(Report report, LoadedImage loaded, Plan plan, List<Site> sites)
    {
        SiteCatalog catalog = loaded.Catalog();
        var disassembler = new Disassembler(loaded.Image.Symbols);
        ulong start = sites.Min(s => s.Address), end = sites.Max(s => s.End);
        int length = (int)(end - start);
        ReadOnlySpan<byte> original = loaded.Image.Memory.Slice(start, (ulong)length, "site"), running = plan.Text.At(start, length);
        TextWriter text = report.Text;
        text.WriteLine($"{report.Paint.Bold(loaded.Image.Symbols.Describe(start))} at {Hex.Word(start)}, {length} bytes of {loaded.Image.FindText(start)?.Name}");
        text.WriteLine();
        text.WriteLine("Records:");
        foreach (Site site in sites)
            text.WriteLine($"  {site.Kind.Text(),-12} {Hex.Word(site.Record)}  {site.Length} bytes at +{site.Address - start}  {Meaning(loaded, catalog, plan.Target, site)}");
        var variants = sites.Select(s => catalog.FindAlternative(s)).OfType<AlternativeSite>().ToList();
        if (variants.Count != 0)
        {
            text.WriteLine();
            text.WriteLine("Alternatives, in the order in which they are applied:");
            foreach (AlternativeSite site in variants)
                text.WriteLine($"  {(plan.Target.Selects(site.Feature) ? "chosen " : "passed ")} {catalog.Features.Describe(site.Feature)}: {Replacement(loaded, disassembler, site)}");
        }

        List<Patch> patches = [.. plan.Patches.Where(p => p.Site.Address < end && p.Site.End > start)];
        text.WriteLine();
        text.WriteLine("Passes, in the kernel's order:");
        if (patches.Count == 0) text.WriteLine("  none changes it");
        foreach (Patch patch in patches)
            text.WriteLine($"  {patch.Site.Kind.Text(),-12} {Hex.Bytes(plan.OldBytes(patch))} -> {Hex.Bytes(plan.NewBytes(patch))}  {patch.Reason.Text()}");
        WriteColumns(text, disassembler, start, original, running);
    }

    private static void WriteColumns(TextWriter text, Disassembler disassembler, ulong start, ReadOnlySpan<byte> original, ReadOnlySpan<byte> running)
    {
        IReadOnlyList<string> left = disassembler.Lines(original, start), right = disassembler.Lines(running, start);
        List<IReadOnlyList<string>> rows = [[Hex.Bytes(original), Hex.Bytes(running)]];
        for (int i = 0; i < Math.Max(left.Count, right.Count); i++)
            rows.Add([i < left.Count ? left[i] : string.Empty, i < right.Count ? right[i] : string.Empty]);
        TextTable.Write(text, ["original", "native"], rows);
    }

    private static string Meaning(LoadedImage loaded, SiteCatalog catalog, Target target, in Site site)
    {
        string about = catalog.Describe(site);
        if (site.Kind == SiteKind.Paravirt)
        {
            int op = loaded.Ops.Names.ToList().IndexOf(about);
            return target.TryGetOp(op, out ulong function) ? $"{about} = {(function == 0 ? "NULL" : loaded.Image.Symbols.Describe(function))}" : about;
        }

        return about == "-" ? string.Empty : about;
    }

    private static string Replacement(LoadedImage loaded, Disassembler disassembler, in AlternativeSite site)
    {
        if (site.ReplacementLength == 0) return "nothing but NOPs";
        ReadOnlySpan<byte> bytes = loaded.Image.Memory.Slice(site.Replacement, (ulong)site.ReplacementLength, "replacement");
        return $"{Hex.Bytes(bytes)}  {disassembler.Format(bytes, site.Replacement)}";
    }

    private static void WriteJson(Report report, LoadedImage loaded, Plan plan, List<Site> sites) => report.WriteJson("pvpatch.explain/1", json =>
    {
        SiteCatalog catalog = loaded.Catalog();
        var disassembler = new Disassembler(loaded.Image.Symbols);
        ScanVerb.WriteImage(json, loaded);
        json.WriteStartArray("sites");
        foreach (Site site in sites)
        {
            json.WriteStartObject();
            SiteJson.WriteFields(json, loaded, catalog, site);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        ulong start = sites.Min(s => s.Address), end = sites.Max(s => s.End);
        json.WriteStartArray("patches");
        foreach (Patch patch in plan.Patches.Where(p => p.Site.Address < end && p.Site.End > start))
        {
            json.WriteStartObject();
            SiteJson.WriteFields(json, loaded, catalog, patch.Site);
            json.WriteString("old", Hex.Bytes(plan.OldBytes(patch)));
            json.WriteString("new", Hex.Bytes(plan.NewBytes(patch)));
            json.WriteString("why", patch.Reason.Text());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("platforms");
        Write("original", loaded.Image.Memory.Slice(start, end - start, "site"));
        Write("native", plan.Text.At(start, (int)(end - start)));
        json.WriteEndObject();

        void Write(string name, ReadOnlySpan<byte> bytes)
        {
            json.WriteStartObject(name);
            json.WriteString("bytes", Hex.Bytes(bytes));
            json.WriteStartArray("instructions");
            foreach (string line in disassembler.Lines(bytes, start)) json.WriteStringValue(line);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    });
}
