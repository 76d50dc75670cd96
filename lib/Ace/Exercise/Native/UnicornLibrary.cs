using System.Runtime.InteropServices;

namespace PvPatch.Ace.Exercise.Native;

/// <summary>The functions of libunicorn that are used here, found at run time so that only --exercise needs the library.</summary>
internal sealed unsafe class UnicornLibrary
{
    /// <summary>The name under which Debian, Fedora and Ubuntu install it.</summary>
    public const string FileName = "libunicorn.so.2";

    private static readonly Lock Gate = new();
    private static UnicornLibrary? shared;

    private UnicornLibrary(nint library)
    {
        Open = (delegate* unmanaged<int, int, nint*, int>)NativeLibrary.GetExport(library, "uc_open");
        Close = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "uc_close");
        Map = (delegate* unmanaged<nint, ulong, nuint, uint, void*, int>)NativeLibrary.GetExport(library, "uc_mem_map_ptr");
        HookAdd = (delegate* unmanaged<nint, nint*, int, void*, void*, ulong, ulong, int>)NativeLibrary.GetExport(library, "uc_hook_add");
        WriteRegisters = (delegate* unmanaged<nint, int*, void**, int, int>)NativeLibrary.GetExport(library, "uc_reg_write_batch");
        ReadRegisters = (delegate* unmanaged<nint, int*, void**, int, int>)NativeLibrary.GetExport(library, "uc_reg_read_batch");
        Start = (delegate* unmanaged<nint, ulong, ulong, ulong, nuint, int>)NativeLibrary.GetExport(library, "uc_emu_start");
    }

    /// <summary>uc_open(arch, mode, engine).</summary>
    public delegate* unmanaged<int, int, nint*, int> Open { get; }

    /// <summary>uc_close(engine).</summary>
    public delegate* unmanaged<nint, int> Close { get; }

    /// <summary>uc_mem_map_ptr(engine, address, size, rights, bytes).</summary>
    public delegate* unmanaged<nint, ulong, nuint, uint, void*, int> Map { get; }

    /// <summary>uc_hook_add(engine, hook, type, callback, data, begin, end).</summary>
    public delegate* unmanaged<nint, nint*, int, void*, void*, ulong, ulong, int> HookAdd { get; }

    /// <summary>uc_reg_write_batch(engine, numbers, values, count).</summary>
    public delegate* unmanaged<nint, int*, void**, int, int> WriteRegisters { get; }

    /// <summary>uc_reg_read_batch(engine, numbers, values, count).</summary>
    public delegate* unmanaged<nint, int*, void**, int, int> ReadRegisters { get; }

    /// <summary>uc_emu_start(engine, begin, until, timeout, count).</summary>
    public delegate* unmanaged<nint, ulong, ulong, ulong, nuint, int> Start { get; }

    /// <summary>Loads the library, once.</summary>
    /// <exception cref="ExerciseException">It is not installed, or is no libunicorn 2.</exception>
    public static UnicornLibrary Load(string name = FileName)
    {
        lock (Gate)
        {
            if (name == FileName && shared is not null) return shared;
            if (!NativeLibrary.TryLoad(name, out nint library))
                throw new ExerciseException($"{name} is not installed; it runs the area (on Debian and Ubuntu: apt-get install libunicorn2)");
            try
            {
                return shared = new UnicornLibrary(library);
            }
            catch (EntryPointNotFoundException error)
            {
                throw new ExerciseException($"{name} is no libunicorn 2: {error.Message}", error);
            }
        }
    }
}
