using System.Runtime.InteropServices;

namespace PvPatch.Ace.Exercise;

/// <summary>Contexts by number: equal ones have one number, so that a state can be looked up by two integers.</summary>
internal sealed class ContextPool
{
    private readonly Dictionary<Context, int> numbers = [];
    private readonly List<Context> contexts = [];

    /// <summary>A context; the reference holds until the next one is added.</summary>
    public ref readonly Context this[int number] => ref CollectionsMarshal.AsSpan(contexts)[number];

    /// <summary>The number of a context.</summary>
    public int Add(in Context context)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, context, out bool known);
        if (known) return number;
        number = contexts.Count;
        contexts.Add(context);
        return number;
    }
}
