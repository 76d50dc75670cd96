using System.CommandLine;
using PvPatch.Platforms;

namespace PvPatch.Cli.Verbs;

/// <summary>The options that choose a target: platform and CPU profile.</summary>
internal sealed class TargetOptions
{
    private const string Native = "native";

    private readonly Option<string> platform = new("--platform")
    {
        Description = "The platform the kernel runs on; native is a bare machine.",
        HelpName = "PLATFORM",
        DefaultValueFactory = _ => Native,
    };

    private readonly Option<string?> cpu = new("--cpu")
    {
        Description = $"A CPU profile written by 'pvpatch profile'; without it the built-in {BaselineProfile.Name}.",
        HelpName = "PROFILE",
    };

    private readonly Option<bool> initialKeys = new("--initial-keys")
    {
        Description = "Leave static keys and static calls as the image's own data has them, whatever the profile recorded: for an image that is to boot.",
    };

    /// <summary>Adds the options to a verb.</summary>
    public TargetOptions(Command verb)
    {
        platform.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } name and not Native)
                result.AddError($"--platform: “{name}” is not supported yet; the platform known is {Native}");
        });
        verb.Add(platform);
        verb.Add(cpu);
        verb.Add(initialKeys);
    }

    /// <summary>Loads the profile that the user chose.</summary>
    public CpuProfile Load(ParseResult result)
    {
        string? path = result.GetValue(cpu);
        CpuProfile profile = path is null
            ? BaselineProfile.Load()
            : Failure.In(path, () => CpuProfileJson.Read(Failure.ReadSmall(path)));
        if (profile.Platform != Native)
            throw new Failure($"{path}: platform “{profile.Platform}” is not supported yet; the platform known is {Native}");
        return result.GetValue(initialKeys)
            ? profile with { StaticKeys = new Dictionary<string, int>(), StaticCalls = new Dictionary<string, string>(), LateStaticCalls = [] }
            : profile;
    }

    /// <summary>What the user should know of a target, on one line.</summary>
    public static string Describe(Target target)
    {
        CpuProfile profile = target.Profile;
        string text = $"target native, CPU profile {profile.Name} ({profile.Source}), {profile.Cpus} CPU{(profile.Cpus == 1 ? string.Empty : "s")}";
        if (profile.StaticKeys.Count == 0) text += ", static keys and calls as the image has them";
        if (profile.Unknown.Count(u => !u.What.StartsWith("static ", StringComparison.Ordinal)) is var count and not 0)
            text += $", {count} unknown: {string.Join(", ", profile.Unknown.Where(u => !u.What.StartsWith("static ", StringComparison.Ordinal)).Select(u => u.What))}";
        return string.Join("; ", target.Notes.Prepend(text));
    }
}
