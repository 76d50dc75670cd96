namespace PvPatch.Patching;

/// <summary>The reasons as sentences for people and for the JSON field <c>why</c>.</summary>
public static class PatchReasons
{
    private static readonly string[] Sentences =
    [
        "left alone", "direct call of the op's function", "the op is empty", "the op has no function",
        "feature test holds", "padding optimised", "no retpoline", "lfence retpoline", "ITS thunk", "plain return",
        "return thunk", "one CPU needs no lock", "tracing off", "static call target", "static call empty",
        "static call returns 0", "static key takes the branch", "static key skips the branch",
    ];

    /// <summary>The sentence of a reason.</summary>
    public static string Text(this PatchReason reason) => Sentences[(int)reason];
}
