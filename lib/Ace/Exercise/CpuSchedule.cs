namespace PvPatch.Ace.Exercise;

/// <summary>A schedule of two calls on two processors.</summary>
/// <param name="Setup">The state that it begins in.</param>
/// <param name="First">The call on cpu0, which begins.</param>
/// <param name="Second">The call on cpu1.</param>
/// <param name="FirstStop">Where cpu0 is stopped; null when it is not.</param>
/// <param name="SecondStop">Where cpu1 is stopped; null when it runs on.</param>
/// <param name="Interrupted">Whether cpu1 is stopped by an interrupt, and runs on; else by cpu0.</param>
internal sealed record CpuSchedule(
    SetupState Setup, CallTrace First, CallTrace Second, CpuPoint? FirstStop, CpuPoint? SecondStop, bool Interrupted);
