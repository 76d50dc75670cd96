using System.CommandLine;
using System.CommandLine.Help;

namespace PvPatch.Cli.Verbs;

/// <summary>The command tree.</summary>
internal static class Root
{
    /// <summary>Builds it.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Knows every place where a Linux kernel rewrites its own text at boot, computes what each becomes, and rewrites, verifies and diffs images.")
        {
            ScanVerb.Create(),
            ProfileVerb.Create(),
            RewriteVerb.Create(),
            VerifyVerb.Create(),
            VerifyAceVerb.Create(),
            DiffVerb.Create(),
            ExplainVerb.Create(),
            OpsVerb.Create(),
        };
        foreach (Option option in root.Options)
            if (option is HelpOption { Action: HelpAction standard }) option.Action = new HelpWithExamples(standard);
        return root;
    }
}
