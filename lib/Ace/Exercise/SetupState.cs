namespace PvPatch.Ace.Exercise;

/// <summary>A state of the data that calls lead to.</summary>
/// <param name="Data">Number of the state.</param>
/// <param name="Steps">The calls, from the image's state.</param>
/// <param name="Name">What it is, where no calls lead to it.</param>
internal sealed record SetupState(int Data, IReadOnlyList<CallStep> Steps, string? Name = null)
{
    /// <summary>How many calls.</summary>
    public int Length { get; } = Steps.Sum(s => s.Times);

    /// <summary>The state after more calls.</summary>
    public SetupState After(Call call, int times, int data)
    {
        bool again = Steps.Count != 0 && Steps[^1].Call == call;
        return new SetupState(data, again
            ? [.. Steps.SkipLast(1), new CallStep(call, Steps[^1].Times + times)]
            : [.. Steps, new CallStep(call, times)]);
    }
}
