using System.Text.Json;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Cli.Rendering;

/// <summary>A site as JSON: the fields that other people's scripts rely on.</summary>
internal static class SiteJson
{
    /// <summary>Writes the fields of a site, its bytes last; the caller closes the object.</summary>
    public static void WriteFields(Utf8JsonWriter json, LoadedImage loaded, SiteCatalog catalog, in Site site)
    {
        json.WriteString("address", Hex.Word(site.Address));
        json.WriteNumber("length", site.Length);
        json.WriteString("kind", site.Kind.Text());
        json.WriteString("symbol", loaded.Image.Symbols.Describe(site.Address));
        if (catalog.OpOf(site) is { } op) json.WriteString("op", op);
        if (catalog.FeatureOf(site) is { } feature) json.WriteString("feature", feature);
        if (catalog.KeyOf(site) is { } key) json.WriteString("key", key);
        json.WriteString("section", loaded.Image.FindText(site.Address)?.Name);
        json.WriteString("record", Hex.Word(site.Record));
        json.WriteString("bytes", Hex.Bytes(loaded.Image.Memory.Slice(site.Address, (ulong)site.Length, "site")));
    }
}
