using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Platforms;

/// <summary>A profile applied to one image: every name turned into a bit or an address of that image.</summary>
public sealed class Target
{
    private readonly uint[] words = new uint[32];
    private readonly Dictionary<ulong, bool> keys = [];
    private readonly Dictionary<ulong, ulong> calls = [];
    private readonly HashSet<ulong> lateCalls = [];
    private readonly ulong[] ops;
    private readonly List<string> notes = [];
    private int missing;

    private Target(KernelImage image, KernelPlaces places, OpTable table, FeatureNames features, CpuProfile profile)
    {
        (Profile, Places, Image) = (profile, places, image);
        foreach (string name in profile.Features.Concat(profile.Bugs)) Set(features, name);
        Retpoline = Has(features, "X86_FEATURE_RETPOLINE");
        RetpolineLfence = Has(features, "X86_FEATURE_RETPOLINE_LFENCE");
        Rethunk = Has(features, "X86_FEATURE_RETHUNK");
        ItsThunks = Has(features, "X86_FEATURE_INDIRECT_THUNK_ITS");
        ReturnThunk = profile.ReturnThunk is null ? InitialReturnThunk() : Resolve(profile.ReturnThunk, "return thunk");
        ops = [.. table.Functions];
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int op = 0; op < ops.Length; op++) numbers.TryAdd(table.Names[op], op);
        foreach ((string name, string function) in profile.Ops)
        {
            if (numbers.TryGetValue(name, out int op)) ops[op] = Resolve(function, name);
            else missing++;
        }

        if (profile.BuildId is null || image.Elf.ReadBuildId() is not { } id || id == profile.BuildId) RecordStates(profile);
        else notes.Add("the profile was taken from another build of the kernel: its static keys and calls are not used");
        if (missing != 0) notes.Add($"{missing} of the profile's ops, keys and calls are not in this image");
        if (ItsThunks) notes.Add("ITS thunks that the kernel allocates at boot are written as its static ones");
    }

    /// <summary>The profile this was made of.</summary>
    public CpuProfile Profile { get; }

    /// <summary>The image's functions that the passes write.</summary>
    public KernelPlaces Places { get; }

    /// <summary>The image.</summary>
    public KernelImage Image { get; }

    /// <summary>Whether locks lose their prefix (alternative_instructions: one CPU present, noreplace-smp not given).</summary>
    public bool Uniprocessor => Profile.Uniprocessor;

    /// <summary>X86_FEATURE_RETPOLINE.</summary>
    public bool Retpoline { get; }

    /// <summary>X86_FEATURE_RETPOLINE_LFENCE.</summary>
    public bool RetpolineLfence { get; }

    /// <summary>X86_FEATURE_RETHUNK.</summary>
    public bool Rethunk { get; }

    /// <summary>X86_FEATURE_INDIRECT_THUNK_ITS.</summary>
    public bool ItsThunks { get; }

    /// <summary>What x86_return_thunk points to.</summary>
    public ulong ReturnThunk { get; }

    /// <summary>What of the profile could not be applied to this image, one clause each.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>Applies a profile to an image.</summary>
    /// <exception cref="MalformedImageException">A function the profile names is not in the image.</exception>
    public static Target Resolve(KernelImage image, KernelPlaces places, OpTable table, FeatureNames features, CpuProfile profile) =>
        new(image, places, table, features, profile);

    /// <summary>Whether an alternative with this test is chosen.</summary>
    public bool Selects(FeatureTest test) => ((words[test.Number / 32] >> (test.Number % 32)) & 1) != 0 != test.Not;

    /// <summary>The function behind an op; zero for none.</summary>
    public bool TryGetOp(int op, out ulong function)
    {
        bool known = op >= 0 && op < ops.Length;
        function = known ? ops[op] : 0;
        return known;
    }

    /// <summary>Whether a static key is on: as the profile recorded it, else as the image's data has it.</summary>
    public bool IsKeyEnabled(ulong key, bool initial = false)
    {
        if (!initial && keys.TryGetValue(key, out bool enabled)) return enabled;
        Span<byte> count = stackalloc byte[4];
        return Image.Memory.TryRead(key, count) && BitConverter.ToInt32(count) != 0; // static_key_count: a negative count is on
    }

    /// <summary>The function of a static call: as the profile recorded it, else as the image's data has it.</summary>
    public ulong StaticCallFunction(ulong key, bool initial = false)
    {
        if (!initial && calls.TryGetValue(key, out ulong function)) return function;
        return Image.Memory.TryReadWord(key, out ulong value) ? value : 0;
    }

    /// <summary>Whether a static call was emptied after the mitigations were chosen, so that its returns use their thunk.</summary>
    public bool IsLateStaticCall(ulong key) => lateCalls.Contains(key);

    /// <summary>Whether a return at this place goes through a thunk (cpu_wants_rethunk_at, 6.1).</summary>
    public bool WantsReturnThunkAt(ulong address) =>
        Rethunk && (ReturnThunk != Places.ItsReturnThunk || Places.ItsReturnThunk == 0 || (address & 0x20) == 0);

    private void RecordStates(CpuProfile profile)
    {
        foreach ((string name, int enabled) in profile.StaticKeys)
            if (TryResolve(name, out ulong key)) keys[key] = enabled != 0;
        foreach ((string name, string function) in profile.StaticCalls)
        {
            ulong to = 0;
            if (TryResolve(name, out ulong key) && (function.Length == 0 || TryResolve(function, out to))) calls[key] = to;
        }

        foreach (string name in profile.LateStaticCalls)
            if (TryResolve(name, out ulong key)) lateCalls.Add(key);
    }

    private ulong InitialReturnThunk() =>
        Places.ReturnThunkVariable != 0 && Image.Memory.TryReadWord(Places.ReturnThunkVariable, out ulong thunk)
            ? thunk
            : Places.DefaultReturnThunk;

    private void Set(FeatureNames features, string name)
    {
        if (features.TryFind(name, out int number) && number / 32 < words.Length) words[number / 32] |= 1u << (number % 32);
        else notes.Add($"{name} is not a feature of Linux {Image.Era.Name}");
    }

    private bool Has(FeatureNames features, string name) =>
        features.TryFind(name, out int number) && Selects(new FeatureTest((ushort)number, Not: false));

    private ulong Resolve(string name, string use) => PlaceNames.TryResolve(Image.Symbols, name, out ulong address)
        ? address
        : throw new MalformedImageException("profile", $"its {use} {name} is not a symbol of this image");

    private bool TryResolve(string name, out ulong address)
    {
        if (PlaceNames.TryResolve(Image.Symbols, name, out address)) return true;
        missing++;
        return false;
    }
}
