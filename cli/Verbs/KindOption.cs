using System.CommandLine;
using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Cli.Verbs;

/// <summary>An option that takes site kinds, several at once or separated by commas.</summary>
internal static class KindOption
{
    /// <summary>Makes the option; an unknown kind is a usage error that lists the known ones.</summary>
    public static Option<SiteKind[]> Create(string name, string description) => new(name)
    {
        Description = $"{description} ({string.Join(", ", SiteKindNames.All.Select(k => k.Text()))})",
        HelpName = "KIND[,KIND…]",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = result =>
        {
            var kinds = new List<SiteKind>();
            foreach (string word in result.Tokens.SelectMany(t => t.Value.Split(',')))
                if (SiteKindNames.TryParse(word, out SiteKind kind)) kinds.Add(kind);
                else result.AddError($"{name}: there is no kind “{word}”; the kinds are {string.Join(", ", SiteKindNames.All.Select(k => k.Text()))}");
            return [.. kinds];
        },
    };
}
